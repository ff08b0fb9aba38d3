#!/usr/bin/env python3
"""edctl-agent beside node_exporter: the same collectors, on this machine as it is and with many mounts
and interfaces.

usage: bench/node.py FOLDER-OF-BINARIES [HOW-MANY]

The mounts and interfaces (1,000 of each) are in namespaces of their own. Exits 1 when one of the promises
in LIMITS is broken, or when a page lacks what the other has. Needs root, and Go or the package
prometheus-node-exporter.
"""

import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "lib/testkit/python"))

from edctl_testkit.exporter import free_port, running  # noqa: E402

# Ours over theirs: CPU time of a scrape, resident memory, time until a page is there.
LIMITS = {"as it is": {"CPU": 0.2, "page": 0.5, "RSS": 0.4},
          "many": {"CPU": 0.5, "page": 0.5, "RSS": 0.5}}
UNITS = {"CPU": "ms", "page": "ms", "RSS": "MiB"}
SCRAPES = {"as it is": 300, "many": 30}
# These grow with the mounts and the interfaces; both pages must have all of them.
COUNTED = "node_filesystem_size_bytes", "node_network_receive_bytes_total"


def collectors(ours, theirs):
    """What both have and run by default."""
    listing = json.loads(subprocess.check_output([ours, "collectors", "-o", "json"]))
    helped = subprocess.run([theirs, "--help"], capture_output=True, text=True)
    known = re.findall(r"collector\.(\w+)", helped.stdout + helped.stderr)
    return sorted(entry["name"] for entry in listing if entry["default"] and entry["name"] in known)


def measure(exporter, scrapes):
    """What a scrape costs, and how many series the families in COUNTED have."""
    page = [exporter.page() for _ in range(5)][-1]
    before = exporter.cpu_seconds()
    took = []
    for _ in range(scrapes):
        start = time.perf_counter()
        exporter.page()
        took.append(time.perf_counter() - start)
    cpu = (exporter.cpu_seconds() - before) / scrapes
    cost = {"CPU": cpu * 1e3, "page": statistics.median(took) * 1e3,
            "RSS": exporter.resident_bytes() / (1 << 20)}
    return cost, {name: len(re.findall(rf"^{name}\{{", page, re.MULTILINE)) for name in COUNTED}


def compare(ours, theirs, where):
    """A row of the table for each cost; what is broken."""
    chosen = ["--collector.disable-defaults",
              *(f"--collector.{name}" for name in collectors(ours, theirs))]
    port, peer_port = free_port(), free_port()
    with tempfile.TemporaryDirectory(dir="/tmp") as place, \
            running([ours, "--config", "/dev/null", "--web.listen-address", f"127.0.0.1:{port}",
                     "--hooks.socket", f"{place}/agent.sock", "--state.directory", place,
                     *chosen], port) as mine, \
            running([theirs, "--web.listen-address", f"127.0.0.1:{peer_port}", *chosen],
                    peer_port) as other:
        our_cost, our_counts = measure(mine, SCRAPES[where])
        their_cost, their_counts = measure(other, SCRAPES[where])
    broken = []
    for name, limit in LIMITS[where].items():
        ratio = our_cost[name] / their_cost[name]
        print(f"{where:9} | {name + ', ' + UNITS[name]:9} | {our_cost[name]:8.2f} "
              f"{their_cost[name]:8.2f} | {ratio:5.2f} {limit:7.1f}", flush=True)
        if ratio > limit:
            broken.append(f"{where}: {name} {ratio:.2f} of theirs, allowed {limit}")
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
    has_dummy = subprocess.run(["ip", "link", "add", "dummy", "type", "dummy"],
                               stderr=subprocess.DEVNULL).returncode == 0
    # A pair of veth is two interfaces, for kernels without dummy ones.
    adding = [f"link add dummy{number} type dummy" for number in range(count - 1)] if has_dummy else \
        [f"link add veth{number} type veth peer name peer{number}" for number in range(count // 2)]
    subprocess.run(["ip", "-batch", "-"], input="\n".join(adding), text=True, check=True)


def inside(ours, theirs, count):
    add_many(count)
    return 1 if compare(ours, theirs, "many") else 0


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if sys.argv[1] == "--inside":
        return inside(*sys.argv[2:4], int(sys.argv[4]))
    if os.getuid() != 0:
        sys.exit("bench/node: needs root")
    ours = (pathlib.Path(sys.argv[1]) / "edctl-agent").resolve()
    if not os.access(ours, os.X_OK):
        sys.exit(f"bench/node: {ours} is no program")
    theirs = subprocess.check_output([ROOT / "packaging/install-node-exporter"], text=True).strip()
    count = sys.argv[2] if len(sys.argv) > 2 else "1000"
    print("          |           |    ours   theirs | ratio allowed", flush=True)
    broken = compare(ours, theirs, "as it is")
    # node_exporter reads the mounts of process 1: that must be one of in there.
    many = subprocess.run(["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child",
                           "--mount-proc", sys.executable, __file__, "--inside", str(ours),
                           os.path.abspath(theirs), count])
    return 1 if broken else many.returncode


if __name__ == "__main__":
    sys.exit(main())
