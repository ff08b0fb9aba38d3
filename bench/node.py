#!/usr/bin/env python3
"""edctl-agent beside node_exporter: the same collectors, on this machine as it is and with many mounts
and interfaces.

usage: bench/node.py FOLDER-OF-BINARIES [HOW-MANY]

Each is scraped in two ways: over a new connection each time, and as Prometheus does, over a connection that
stays open, compressed. The scrapes of both exporters alternate, and run before what else the machine does, so
that a busy machine gives the ratio of a quiet one. The mounts and interfaces (1,000 of each) are in namespaces
of their own. Exits 1 when one of the promises in LIMITS is broken, or when a page lacks what the other has.
Needs root, and Go or the package prometheus-node-exporter.
"""

import gzip
import http.client
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

from edctl_testkit.exporter import PATIENCE, free_port, running

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Ours over theirs: CPU time of a scrape, time until a page is there, resident memory.
LIMITS = {"as it is": {"CPU": 0.15, "page": 0.5, "RSS": 0.35}, "many": {"CPU": 0.5, "page": 0.5, "RSS": 0.5}}
# Scrapes are counted in blocks: theirs collects its garbage after some, and that belongs to its scrapes.
BLOCKS = {"as it is": 40, "many": 6}
SCRAPES_OF_A_BLOCK = 10
# What Prometheus 3 sends (scrape/scrape.go).
PROMETHEUS = {
    "Accept": "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,"
    "application/openmetrics-text;version=0.0.1;q=0.5,"
    "text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "Accept-Encoding": "gzip",
    "X-Prometheus-Scrape-Timeout-Seconds": "10",
}
# These grow with the mounts and the interfaces; both pages must have all of them.
COUNTED = "node_filesystem_size_bytes", "node_network_receive_bytes_total"


class Scraper:
    """One way to ask an exporter for its page, and what its scrapes cost."""

    def __init__(self, exporter, headers, is_kept):
        self.exporter, self.headers, self.is_kept = exporter, headers, is_kept
        self.connection = http.client.HTTPConnection("127.0.0.1", exporter.port, timeout=PATIENCE)
        self.cpu, self.page = [], []

    def scrape(self):
        self.connection.request("GET", "/metrics", headers=self.headers)
        answer = self.connection.getresponse()
        body = answer.read()
        if not self.is_kept:
            self.connection.close()
        return gzip.decompress(body) if answer.headers["Content-Encoding"] == "gzip" else body

    def measure(self):
        """The costs of a block's scrapes, in seconds; the first one, to a cold cache, is not counted."""
        self.scrape()
        before = self.exporter.cpu_seconds()
        for _ in range(SCRAPES_OF_A_BLOCK):
            start = time.perf_counter()
            self.scrape()
            self.page.append(time.perf_counter() - start)
        self.cpu.append((self.exporter.cpu_seconds() - before) / SCRAPES_OF_A_BLOCK)
        # Until the next block it would idle for longer than a server has patience.
        self.connection.close()

    def costs(self):
        """Of a scrape: milliseconds."""
        return {"CPU": statistics.median(self.cpu) * 1e3, "page": statistics.median(self.page) * 1e3}


def scrapers(exporter):
    return {
        "new": Scraper(exporter, {"Accept-Encoding": "identity"}, is_kept=False),
        "kept, gzip": Scraper(exporter, PROMETHEUS, is_kept=True),
    }


def collectors(ours, theirs):
    """What both have and run by default."""
    listing = json.loads(subprocess.check_output([ours, "collectors", "-o", "json"]))
    helped = subprocess.run([theirs, "--help"], capture_output=True, text=True)
    known = re.findall(r"collector\.(\w+)", helped.stdout + helped.stderr)
    return sorted(entry["name"] for entry in listing if entry["default"] and entry["name"] in known)


def counts(page):
    """How many series the families in COUNTED have."""
    return {name: len(re.findall(rf"^{name}\{{", page, re.MULTILINE)) for name in COUNTED}


def measure(mine, other, blocks):
    """Rows of what is measured, how, and the cost of ours and of theirs; the pages' counts."""
    ours, theirs = scrapers(mine), scrapers(other)
    for _ in range(blocks):
        for way in ours:
            ours[way].measure()
            theirs[way].measure()
    rows = [(cost, way, value, theirs[way].costs()[cost]) for way in ours for cost, value in ours[way].costs().items()]
    rows.append(("RSS", "", *(exporter.resident_bytes() / (1 << 20) for exporter in (mine, other))))
    return rows, [counts(exporter.page()) for exporter in (mine, other)]


def without_health(place):
    """A configuration in which ours does what theirs does."""
    config = pathlib.Path(place) / "agent.toml"
    config.write_text("[health]\nenabled = false\n")
    return str(config)


def compare(ours, theirs, where):
    """A row of the table for each cost; what is broken."""
    chosen = ["--collector.disable-defaults", *(f"--collector.{name}" for name in collectors(ours, theirs))]
    port, peer_port = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory(dir="/tmp") as place,
        running(
            [
                ours,
                "--config",
                without_health(place),
                "--web.listen-address",
                f"127.0.0.1:{port}",
                "--hooks.socket",
                f"{place}/agent.sock",
                "--state.directory",
                place,
                *chosen,
            ],
            port,
        ) as mine,
        running([theirs, "--web.listen-address", f"127.0.0.1:{peer_port}", *chosen], peer_port) as other,
    ):
        rows, (our_counts, their_counts) = measure(mine, other, BLOCKS[where])
    broken = []
    for cost, way, our_cost, their_cost in rows:
        ratio, limit = our_cost / their_cost, LIMITS[where][cost]
        unit = "MiB" if cost == "RSS" else "ms"
        print(
            f"{where:8} | {cost + ', ' + unit:8} | {way:10} | {our_cost:8.2f} {their_cost:8.2f} | "
            f"{ratio:6.3f} {limit:7.2f}",
            flush=True,
        )
        if ratio > limit:
            broken.append(f"{where}: {cost} {way} {ratio:.3f} of theirs, allowed {limit}")
    if our_counts != their_counts:
        broken.append(f"{where}: ours shows {our_counts}, theirs {their_counts}")
    for line in broken:
        print(f"bench/node: {line}", file=sys.stderr)
    return broken


def add_many(count):
    """Mounts and interfaces, in the namespaces of this process, with which they go."""
    base = pathlib.Path("/srv")
    subprocess.run(["mount", "-t", "tmpfs", "many", base], check=True)
    for number in range(count):
        place = base / f"mount{number}"
        place.mkdir()
        subprocess.run(["mount", "-n", "-t", "tmpfs", "-o", "size=1m", "many", place], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    has_dummy = (
        subprocess.run(["ip", "link", "add", "dummy", "type", "dummy"], stderr=subprocess.DEVNULL).returncode == 0
    )
    # A pair of veth is two interfaces, for kernels without dummy ones.
    adding = (
        [f"link add dummy{number} type dummy" for number in range(count - 1)]
        if has_dummy
        else [f"link add veth{number} type veth peer name peer{number}" for number in range(count // 2)]
    )
    subprocess.run(["ip", "-batch", "-"], input="\n".join(adding), text=True, check=True)


def inside(ours, theirs, count):
    add_many(count)
    return 1 if compare(ours, theirs, "many") else 0


def main():
    if sys.argv[1:2] in ([], ["-h"], ["--help"]):
        sys.exit(__doc__)
    if sys.argv[1] == "--inside":
        return inside(*sys.argv[2:4], int(sys.argv[4]))
    if os.getuid() != 0:
        sys.exit("bench/node: needs root")
    ours = (pathlib.Path(sys.argv[1]) / "edctl-agent").resolve()
    if not os.access(ours, os.X_OK):
        sys.exit(f"bench/node: {ours} is no program")
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    theirs = subprocess.check_output([ROOT / "packaging/install-node-exporter"], text=True).strip()
    count = sys.argv[2] if len(sys.argv) > 2 else "1000"
    print("         |          | connection |     ours   theirs |  ratio allowed", flush=True)
    broken = compare(ours, theirs, "as it is")
    # node_exporter reads the mounts of process 1: that must be one of in there.
    many = subprocess.run(
        [
            "unshare",
            "--mount",
            "--net",
            "--pid",
            "--fork",
            "--kill-child",
            "--mount-proc",
            sys.executable,
            __file__,
            "--inside",
            str(ours),
            os.path.abspath(theirs),
            count,
        ]
    )
    return 1 if broken else many.returncode


if __name__ == "__main__":
    sys.exit(main())
