#!/usr/bin/env python3
"""edctl-drainer at a real slurmctld with 5,000 nodes, whose agents one program plays.

usage: bench/drainer.py FOLDER-OF-BINARIES

Shows a round's wall time, the drainer's memory, and the commands of Slurm's that a round runs; then 500 nodes fail at
once, and the same again with the brake let go. Exits 1 when one of the promises in LIMITS is broken. Needs root and the
package slurm-wlm.
"""

import json
import os
import pathlib
import shutil
import statistics
import string
import subprocess
import sys
import tempfile
import time

from edctl_testkit.exporter import free_port
from edctl_testkit.slurm import Daemon, controller

HERE = pathlib.Path(__file__).resolve().parent
NODES, FAILING = 5000, 500
ROUNDS = 10
LIMITS = {
    "round, s": 2.0,
    "memory, MiB": 64.0,
    "commands of a round": 1.0,
    "updates for 500 nodes": 3.0,
    "drained by the brake": 0.0,
}
BLOCKS = NODES // 250
CONFIGURATION = string.Template(
    "SlurmctldLogFile=/dev/null\nSlurmdTimeout=0\nReturnToService=2\n"
    f"NodeName=n[1-{NODES}] NodeAddr="
    + ",".join(f"127.1.{block}.[1-250]" for block in range(1, BLOCKS + 1))
    + f" CPUs=64 RealMemory=256000 State=DOWN Reason=start\nPartitionName=sim Nodes=n[1-{NODES}] Default=YES State=UP\n"
)
ADDRESSES = [f"127.1.{block}.{n}" for block in range(1, BLOCKS + 1) for n in range(1, 251)]


class Table:
    def __init__(self):
        self.broken = []

    def row(self, figure: str, value: float):
        limit = LIMITS.get(figure)
        verdict = "" if limit is None else "held" if value <= limit else "BROKEN"
        print(f"{figure:28} | {value:9.3f} {'' if limit is None else limit:>7} | {verdict}", flush=True)
        if verdict == "BROKEN":
            self.broken.append(f"{figure} {value:.3f}, allowed {limit}")


class Bench:
    """The drainer that is measured, and what stands around it."""

    def __init__(self, binary: pathlib.Path, place: pathlib.Path, cluster):
        self.place, self.cluster = place, cluster
        self.round_file, self.unfit, self.log = place / "round.json", place / "unfit", place / "commands.log"
        self.unfit.write_text("")
        self.log.write_text("")
        self.port = free_port()
        commands = place / "commands"
        commands.mkdir()
        for name in ("sinfo", "scontrol"):
            (commands / name).write_text(f'#!/bin/sh\necho "{name} $*" >> {self.log}\nexec /usr/bin/{name} "$@"\n')
            (commands / name).chmod(0o755)
        self.commands, self.binary = commands, binary

    def agents(self) -> Daemon:
        return Daemon([sys.executable, HERE / "drainer_agents.py", str(self.port), self.unfit])

    def drainer(self, cause_ratio: float) -> Daemon:
        self.round_file.unlink(missing_ok=True)
        config = self.place / "drainer.toml"
        config.write_text(
            f'[drainer]\nmode = "act"\ninterval_secs = 1\ncause_ratio = {cause_ratio}\n'
            f'round_file = "{self.round_file}"\n'
            f'[agents]\naddress = "{{address}}:{self.port}"\n[slurm]\nbin_dir = "{self.commands}"\n'
        )
        command = ["env", f"SLURM_CONF={self.place}/slurm.conf", self.binary, "--config", config]
        command += ["--web.listen-address", f"127.0.0.1:{free_port()}"]
        return Daemon(command, self.round_file.exists)

    def next_round(self) -> dict:
        before = json.loads(self.round_file.read_text())["time_usec"]
        while True:
            time.sleep(0.05)
            last = json.loads(self.round_file.read_text())
            if last["time_usec"] > before:
                assert not last["error"], last["error"]
                return last

    def fail(self, count: int):
        self.unfit.write_text("\n".join(ADDRESSES[:count]))
        time.sleep(0.5)


def measure(bench: Bench, table: Table):
    with bench.agents():
        time.sleep(1)
        with bench.drainer(cause_ratio=0.05) as drainer:
            bench.next_round()
            bench.log.write_text("")
            rounds = [bench.next_round() for _ in range(ROUNDS)]
            verdicts = {node["verdict"] for node in rounds[-1]["nodes"].values()}
            assert verdicts == {"fit"}, verdicts
            table.row("round, s", max(one["took_secs"] for one in rounds))
            table.row("round, s (median)", statistics.median(one["took_secs"] for one in rounds))
            table.row("commands of a round", len(bench.log.read_text().splitlines()) // ROUNDS)
            bench.fail(FAILING)
            bench.next_round()
            braked = bench.next_round()
            assert braked["brake_causes"], braked["brake_causes"]
            table.row("drained by the brake", len(braked["done"]))
            table.row("memory, MiB", resident_mib(drainer))
        with bench.drainer(cause_ratio=1.0):
            # Its first round drains them.
            table.row("updates for 500 nodes", updates(bench))
            drained = bench.cluster.run("sinfo", "-h", "-t", "drain", "-o", "%D").split()
            assert sum(map(int, drained)) == FAILING, drained
            bench.log.write_text("")
            bench.fail(0)
            bench.next_round()
            table.row("updates that resume them", updates(bench))


def updates(bench: Bench) -> int:
    return sum(" update " in line for line in bench.log.read_text().splitlines())


def resident_mib(drainer: Daemon) -> float:
    status = pathlib.Path(f"/proc/{drainer.process.pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    if os.getuid() != 0 or not shutil.which("slurmctld"):
        sys.exit("bench/drainer: needs root and the package slurm-wlm")
    binary = pathlib.Path(sys.argv[1]).resolve() / "edctl-drainer"
    table = Table()
    with tempfile.TemporaryDirectory(prefix="bench-drainer.", dir="/tmp") as folder:
        place = pathlib.Path(folder)
        place.chmod(0o755)
        with controller(place, CONFIGURATION) as cluster:
            subprocess.run(
                ["scontrol", "update", f"NodeName=n[1-{NODES}]", "State=RESUME"], env=cluster.environment, check=True
            )
            measure(Bench(binary, place, cluster), table)
    for line in table.broken:
        print(f"bench/drainer: {line}", file=sys.stderr)
    return 1 if table.broken else 0


if __name__ == "__main__":
    sys.exit(main())
