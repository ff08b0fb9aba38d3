#!/usr/bin/env python3
"""edctl-exporter-slurm at a real slurmctld with many nodes and jobs, beside the ten commands that vpenso's
exporter runs for a scrape, and at the recorded output of a larger site.

usage: bench/slurm.py FOLDER-OF-BINARIES

The slurmctld is one of our own, on free ports of the loopback in a temporary folder, with munge; its nodes
are down, so that the jobs wait. It takes some six minutes. How the figures come about:

- Pages are read by four processes at once, ten times a second each and compressed, as Prometheus asks;
  the exporter has its default intervals.
- The CPU of the commands is what the exporter's ended children used. It is taken where nobody scrapes.
- slurmctld's time for requests is what sdiag says by user, waits for one another included: the exporter and
  the ten commands run at the same time under different users. The ten run all at once, every 15 seconds;
  what the exporter's polls cost is divided by the time between the first and the last poll of the jobs.
- Commands are counted by the exporter and by scripts in its bin_dir that note each call before they run the
  real command; intervals of a second make many of them in little time.
- The recorded output is printed by scripts that cost next to nothing. What the real commands would cost
  there is what they cost at our slurmctld, scaled by the rows. Its intervals are shorter, too.

Exits 1 when one of the promises in LIMITS is broken. Needs root and the package slurm-wlm.
"""

import collections
import contextlib
import dataclasses
import gzip
import multiprocessing
import os
import pathlib
import pwd
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import slurm_cluster
import slurm_recorded

from edctl_testkit.exporter import Exporter, free_port, running
from edctl_testkit.slurm import PATIENCE, Cluster

NODES, JOBS = 5000, 50_000
RECORDED_NODES, RECORDED_JOBS = 20_000, 500_000
LIMITS = {
    "page p99, ms": 20,
    "RSS at most, MiB": 64,
    "CPU over the commands'": 1.5,
    "commands, 8 scrapers over 1": 1.1,
    "commands not counted": 2,
    "slurmctld's time over vpenso's": 0.2,
}
OUR_USER, THEIR_USER = "nobody", "daemon"
SCRAPERS, MANY_SCRAPERS = 4, 8
PAUSE_SECS = 0.1
PAGE_SECS, POLL_SECS, COUNT_SECS = 45, 120, 20
SCRAPE_INTERVAL_SECS = 15
# What vpenso's exporter runs for each scrape.
THE_TEN = [
    ("squeue", "-a", "-r", "-h", "-o", "%A|%a|%T|%C"),
    ("squeue", "-a", "-r", "-h", "-o", "%A|%u|%T|%C"),
    ("squeue", "-a", "-r", "-h", "-o", "%A,%T,%r", "--states=all"),
    ("squeue", "-a", "-r", "-h", "-o%P", "--states=PENDING"),
    ("sinfo", "-h", "-o", "%C"),
    ("sinfo", "-h", "-o", "%D,%T"),
    ("sinfo", "-h", "-o%R,%C"),
    ("sinfo", "-h", "-N", "-O", "NodeList,AllocMem,Memory,CPUsState,StateLong"),
    ("sdiag",),
    ("sshare", "-n", "-P", "-o", "account,fairshare"),
]


class Table:
    """The figures, printed as they come, and what is broken."""

    def __init__(self):
        self.broken = []
        print(f"{'at':9} | {'figure':30} | {'ours':>9} {'allowed':>9} |", flush=True)

    def row(self, where: str, figure: str, ours: float):
        """Shows a figure; where there is a limit for it, says whether it holds."""
        limit = LIMITS.get(figure)
        verdict = "" if limit is None else "held" if ours <= limit else "BROKEN"
        print(f"{where:9} | {figure:30} | {ours:9.3f} {'' if limit is None else limit:>9} | {verdict}", flush=True)
        if verdict == "BROKEN":
            self.broken.append(f"{where}: {figure} {ours:.3f}, allowed {limit}")


def as_user(user: str, *command) -> list:
    entry = pwd.getpwnam(user)
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups", *command]


@contextlib.contextmanager
def exporter(place: pathlib.Path, cluster: Cluster, settings: str = ""):
    """Runs ours until the block ends; it has asked for everything once when the block begins."""
    config = place / "exporter.toml"
    config.write_text(f"[slurm]\n{settings}")
    port = free_port()
    command = as_user(
        OUR_USER, place / "edctl-exporter-slurm", "--config", config, "--web.listen-address", f"127.0.0.1:{port}"
    )
    slurm_conf = cluster.environment["SLURM_CONF"]
    with running(["env", f"SLURM_CONF={slurm_conf}", *command], port) as ours:
        ours.settled(
            lambda page: all(page.value("edctl_slurm_up", source=source) for source in ("nodes", "jobs", "shares"))
        )
        yield ours


def read_pages(port: int, secs: float) -> list:
    """How long each page took that was read in that time."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/metrics", headers={"Accept-Encoding": "gzip"})
    took, until = [], time.monotonic() + secs
    while time.monotonic() < until:
        start = time.perf_counter()
        with urllib.request.urlopen(request, timeout=60) as answer:
            page = answer.read()
        took.append(time.perf_counter() - start)
        time.sleep(PAUSE_SECS)
    assert gzip.decompress(page).endswith(b"\n")
    return took


def scraped(ours: Exporter, scrapers: int, secs: float) -> list:
    """How long each page took that as many processes read at once."""
    # The end of the block ends them by a signal for which this process has its own plans.
    by_default = signal.SIGTERM, signal.SIG_DFL
    with multiprocessing.Pool(scrapers, signal.signal, by_default) as pool:
        took = pool.starmap(read_pages, [(ours.port, secs)] * scrapers, chunksize=1)
    return [page for pages in took for page in pages]


def show_pages(table: Table, where: str, ours: Exporter):
    """Pages' time and memory, while polls go on."""
    hundredths = statistics.quantiles(scraped(ours, SCRAPERS, PAGE_SECS), n=100)
    table.row(where, "page p50, ms", hundredths[49] * 1e3)
    table.row(where, "page p99, ms", hundredths[98] * 1e3)
    table.row(where, "RSS at most, MiB", ours.peak_resident_bytes() / (1 << 20))


class Polls:
    """What an exporter's polls cost it from one moment to another, while nobody scrapes."""

    def __init__(self, ours: Exporter):
        self.ours = ours
        self.begin = self.figures()

    def figures(self) -> dict:
        page = self.ours.read()
        jobs = {"source": "jobs"}
        return {
            "CPU": self.ours.cpu_seconds(),
            "commands": self.ours.children_cpu_seconds(),
            "jobs": page.value("edctl_slurm_polls_total", **jobs),
            "nodes": page.value("edctl_slurm_polls_total", source="nodes"),
            "asked": page.value("edctl_slurm_snapshot_timestamp_seconds", **jobs),
        }

    def since(self) -> dict:
        """By how much each figure has grown."""
        return {name: value - self.begin[name] for name, value in self.figures().items()}


def show_polls(table: Table, ours: Exporter, cluster: Cluster):
    """What polls cost the exporter, and slurmctld beside the ten commands."""
    polls = Polls(ours)
    slurm_cluster.reset_rpc_time(cluster)
    scrapes = POLL_SECS // SCRAPE_INTERVAL_SECS
    for _ in range(scrapes):
        start = time.monotonic()
        run_the_ten(cluster)
        time.sleep(max(0.0, start + SCRAPE_INTERVAL_SECS - time.monotonic()))
    cost = polls.since()
    table.row("slurmctld", "CPU of a poll, ms", cost["CPU"] / cost["jobs"] * 1e3)
    table.row("slurmctld", "CPU of its commands, ms", cost["commands"] / cost["jobs"] * 1e3)
    table.row("slurmctld", "CPU over the commands'", 1 + cost["CPU"] / cost["commands"])
    per_minute = 60 / cost["asked"]
    ours_secs = slurm_cluster.rpc_seconds(cluster, pwd.getpwnam(OUR_USER).pw_uid) * per_minute
    theirs_secs = (
        slurm_cluster.rpc_seconds(cluster, pwd.getpwnam(THEIR_USER).pw_uid) * 60 / (scrapes * SCRAPE_INTERVAL_SECS)
    )
    table.row("slurmctld", "slurmctld's time, ms/minute", ours_secs * 1e3)
    table.row("slurmctld", "vpenso's of it, ms/minute", theirs_secs * 1e3)
    table.row("slurmctld", "slurmctld's time over vpenso's", ours_secs / theirs_secs)


def run_the_ten(cluster: Cluster):
    """All at once, as vpenso's exporter does. Those that fail have cost what they cost."""
    running_now = [
        subprocess.Popen(
            as_user(THEIR_USER, *command), env=cluster.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for command in THE_TEN
    ]
    for process in running_now:
        process.wait(PATIENCE)


def show_commands(table: Table, place: pathlib.Path, cluster: Cluster) -> list:
    """Whether more scrapers make more commands. Returns the command lines of one round."""
    log = place / "commands.log"
    log.touch()
    log.chmod(0o666)
    noting = place / "noting"
    noting.mkdir()
    for program in ("sdiag", "sinfo", "squeue", "scontrol", "sshare"):
        script = noting / program
        script.write_text(f'#!/bin/sh\nIFS=\'\t\'\necho "{program}\t$*" >>{log}\nexec {shutil.which(program)} "$@"\n')
        script.chmod(0o755)
    counts = collections.Counter()
    with exporter(place, cluster, f'bin_dir = "{noting}"\ninterval_secs = 1\n') as ours:
        lines = [line.split("\t") for line in log.read_text().splitlines() if "--version" not in line]
        # Slurm's commands become faster or slower in time, and the intervals with them.
        for scrapers in (1, MANY_SCRAPERS, MANY_SCRAPERS, 1):
            before = calls(ours, log)
            scraped(ours, scrapers, COUNT_SECS)
            counted, noted = (after - begin for after, begin in zip(calls(ours, log), before, strict=True))
            counts[scrapers] += noted
            table.row("slurmctld", f"commands in {COUNT_SECS} s, {scrapers} scraping", noted)
            table.row("slurmctld", "commands not counted", abs(noted - counted))
    table.row("slurmctld", "commands, 8 scrapers over 1", counts[MANY_SCRAPERS] / counts[1])
    # Each source is asked once before any is asked again.
    return lines[:7]


def calls(ours: Exporter, log: pathlib.Path) -> tuple:
    """The commands so far, as the exporter counts them and as the scripts do."""
    counted = sum(ours.read().family("edctl_slurm_polls_total").values())
    return counted, len(log.read_text().splitlines())


def show_recorded(table: Table, place: pathlib.Path, cluster: Cluster, lines: list):
    """The same for a site that is larger than any slurmctld of ours."""
    folder = place / "recorded"
    folder.mkdir()
    recorded = slurm_recorded.bin_dir(folder, lines, RECORDED_NODES, RECORDED_JOBS, cluster.run)
    real = {line[0]: cost_of(line, cluster) for line in lines if line[0] in recorded}
    with exporter(place, cluster, f'bin_dir = "{folder}"\ninterval_secs = 5\n') as ours:
        show_pages(table, "recorded", ours)
        polls = Polls(ours)
        time.sleep(PAGE_SECS)
        cost = polls.since()
    asked = {"squeue": cost["jobs"], "sinfo": cost["nodes"]}
    commands = sum(
        times * real[program].cpu_secs / real[program].rows * rows_of(recorded[program])
        for program, times in asked.items()
    )
    printed = sum(
        times * cost_of(["cat", str(recorded[program])], cluster).cpu_secs for program, times in asked.items()
    )
    table.row("recorded", "CPU of a poll, ms", cost["CPU"] / cost["jobs"] * 1e3)
    table.row("recorded", "CPU over that of cat", cost["CPU"] / printed)
    table.row("recorded", "CPU over the commands'", 1 + cost["CPU"] / commands)


@dataclasses.dataclass
class Cost:
    """What one run of a command used, and how much it printed."""

    cpu_secs: float
    rows: int


def cost_of(command: list, cluster: Cluster) -> Cost:
    """The mean of a few runs; nothing else is waited for meanwhile."""
    runs = 5
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(runs):
        printed = cluster.run(*command)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(used / runs, printed.count("\n"))


def rows_of(file: pathlib.Path) -> int:
    with file.open("rb") as rows:
        return sum(1 for _ in rows)


def measure(binary: pathlib.Path, place: pathlib.Path) -> list:
    """All figures; returns what is broken."""
    # The exporter runs as a user to whom the folder of the build may be closed.
    shutil.copy(binary, place)
    place.chmod(0o755)
    table = Table()
    with slurm_cluster.slurmctld(place, NODES) as cluster:
        slurm_cluster.fill(cluster, JOBS)
        with exporter(place, cluster) as ours:
            show_pages(table, "slurmctld", ours)
            show_polls(table, ours, cluster)
        lines = show_commands(table, place, cluster)
        show_recorded(table, place, cluster, lines)
    return table.broken


def main(name: str, usage: str, measure) -> int:
    """Measures the program in the folder that the command line names; `measure` returns what is broken."""
    if len(sys.argv) != 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(usage)
    if os.getuid() != 0 or not shutil.which("slurmctld"):
        sys.exit(f"bench/{name}: needs root and the package slurm-wlm")
    binary = pathlib.Path(sys.argv[1]) / "edctl-exporter-slurm"
    if not os.access(binary, os.X_OK):
        sys.exit(f"bench/{name}: {binary} is no program")
    # So that everything is ended and removed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(f"bench/{name}: terminated"))
    with tempfile.TemporaryDirectory(prefix="bench-slurm.", dir="/tmp") as place:
        broken = measure(binary, pathlib.Path(place))
    for line in broken:
        print(f"bench/{name}: {line}", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main("slurm", __doc__, measure))
