#!/usr/bin/env python3
"""edctl-exporter-process beside Debian's process-exporter and a bare loop in C, over many processes.

usage: bench/process.py FOLDER-OF-BINARIES [PROCESSES ...]

The processes sleep in a pid namespace of their own, with the exporters, so that nothing else of the
machine is among them. Exits 1 when one of the promises in LIMITS is broken. Needs root, gcc and the
package prometheus-process-exporter; 50,000 processes take some 4 GiB of memory and five minutes.
"""

import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PEER = "prometheus-process-exporter"
TICKS = os.sysconf("SC_CLK_TCK")
PID_MAX = pathlib.Path("/proc/sys/kernel/pid_max")
# Ours over theirs, but for the second, which is ours over the bare loop.
LIMITS = {"CPU": 0.05, "CPU over bare loop": 1.3, "RSS": 0.3}
CHURN = 1_000_000
CHURN_PART = 50_000
# Growth of the resident memory while that many processes come and go.
CHURN_GROWTH_KIB = 1024


class Exporter:
    """A running exporter and what it costs."""

    def __init__(self, command):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        address = f"127.0.0.1:{self.port}"
        self.process = subprocess.Popen(
            [part.format(address=address) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        until = time.monotonic() + 120
        while True:
            try:
                self.scrape()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > until:
                    sys.exit(f"{command[0]} does not serve")
                time.sleep(0.2)

    def scrape(self):
        """Reads one page and says how many seconds that took."""
        start = time.perf_counter()
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=600) as page:
            self.page = page.read().decode()
        return time.perf_counter() - start

    def cpu_seconds(self):
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss_kib(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    def stop(self):
        self.process.kill()
        self.process.wait()


def start_both(binaries, home):
    config = home / "empty.toml"
    config.write_text("")
    yaml = home / "peer.yaml"
    yaml.write_text('process_names:\n  - name: "{{.Comm}}"\n    cmdline: [".+"]\n')
    ours = Exporter(
        [str(binaries / "edctl-exporter-process"), "--config", str(config), "--web.listen-address", "{address}"]
    )
    # Without threads and smaps, as cheap as it can be.
    theirs = Exporter(
        [PEER, "-config.path", str(yaml), "-threads=false", "-gather-smaps=false", "-web.listen-address", "{address}"]
    )
    return ours, theirs


def measure(exporter, scrapes):
    """CPU seconds of a scrape, and the median time of a page."""
    before = exporter.cpu_seconds()
    took = [exporter.scrape() for _ in range(scrapes)]
    return (exporter.cpu_seconds() - before) / scrapes, statistics.median(took)


def compare(binaries, bare, home, count):
    """One row of the table; the names of the promises that it breaks."""
    with subprocess.Popen([bare, "-s", str(count)], stdout=subprocess.PIPE) as sleepers:
        try:
            if sleepers.stdout.readline() != b"ready\n":
                sys.exit(f"no {count} processes")
            ours, theirs = start_both(binaries, home)
            scrapes = max(3, 60_000 // count)
            our_cpu, our_page = measure(ours, scrapes * 4)
            their_cpu, their_page = measure(theirs, scrapes)
            bare_cpu = int(subprocess.check_output([bare, "10"])) / 1e9
            rss = ours.rss_kib(), theirs.rss_kib()
            ours.stop()
            theirs.stop()
        finally:
            sleepers.kill()
    ratios = {"CPU": our_cpu / their_cpu, "CPU over bare loop": our_cpu / bare_cpu, "RSS": rss[0] / rss[1]}
    microseconds = 1e6 / count
    print(
        f"{count:9,} | {bare_cpu * microseconds:9.2f} {our_cpu * microseconds:9.2f} "
        f"{their_cpu * microseconds:9.2f} | {ratios['CPU over bare loop']:9.2f} "
        f"{ratios['CPU']:9.3f} | {our_page * 1e3:8.0f} {their_page * 1e3:8.0f} "
        f"| {rss[0] / 1024:7.1f} {rss[1] / 1024:7.1f} {ratios['RSS']:6.2f}",
        flush=True,
    )
    return [
        f"{count:,} processes: {name} {ratio:.3f}, allowed {LIMITS[name]}"
        for name, ratio in ratios.items()
        if ratio > LIMITS[name]
    ]


def churn(binaries, bare, home):
    """Whether a million processes that come and go leave nothing behind in ours."""
    ours, theirs = start_both(binaries, home)
    theirs.stop()
    sizes = []
    for _ in range(CHURN // CHURN_PART):
        subprocess.run([bare, "-c", str(CHURN_PART)], check=True)
        ours.scrape()
        sizes.append(ours.rss_kib())
    ours.stop()
    # The first tenth fills buffers that are used again.
    settled = sizes[len(sizes) // 10]
    grown = sizes[-1] - settled
    print(f"\n{CHURN:,} processes churned: RSS {settled} KiB, then {sizes[-1]} KiB")
    return [f"churn: RSS grew by {grown} KiB"] if grown > CHURN_GROWTH_KIB else []


def inside(binaries, counts):
    """All measurements, inside the namespaces."""
    with tempfile.TemporaryDirectory() as directory:
        home = pathlib.Path(directory)
        bare = home / "bare_proc"
        subprocess.run(["cc", "-O2", "-o", bare, HERE / "bare_proc.c"], check=True)
        print(
            "processes | us of CPU per process    |     ours over      |  page, ms         "
            "| RSS, MiB\n"
            "          | bare loop      ours    theirs | bare loop    theirs |     ours   theirs "
            "|    ours  theirs  ratio",
            flush=True,
        )
        broken = [line for count in counts for line in compare(binaries, bare, home, count)]
        broken += churn(binaries, bare, home)
    for line in broken:
        print(f"bench/process: {line}", file=sys.stderr)
    return 1 if broken else 0


def main():
    if sys.argv[1:2] in ([], ["-h"], ["--help"]):
        sys.exit(__doc__)
    if sys.argv[1] == "--inside":
        return inside(pathlib.Path(sys.argv[2]).resolve(), [int(n) for n in sys.argv[3:]])
    if os.getuid() != 0 or not shutil.which(PEER):
        sys.exit(f"bench/process: needs root and the package {PEER}")
    counts = sys.argv[2:] or ["10000", "50000"]
    pid_max = PID_MAX.read_text()
    needed = max(map(int, counts)) + 20_000
    try:
        if int(pid_max) < needed:
            PID_MAX.write_text(str(4 << 20))
        inside_namespaces = [
            "unshare",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            sys.executable,
            __file__,
            "--inside",
            sys.argv[1],
            *counts,
        ]
        return subprocess.run(inside_namespaces).returncode
    finally:
        PID_MAX.write_text(pid_max)


if __name__ == "__main__":
    sys.exit(main())
