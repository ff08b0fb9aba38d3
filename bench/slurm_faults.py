#!/usr/bin/env python3
"""How long a page of edctl-exporter-slurm takes while what it asks fails, each way in turn.

usage: bench/slurm_faults.py FOLDER-OF-BINARIES

slurmctld and munge are our own (slurm_cluster.py) and are stopped, paused and started again; squeue is a
script that runs the real one or does what is wrong. Four processes at once read pages, ten times a second
each, from a second before the fault begins. The exporter asks each source every second and gives a
command five, so that nearly all pages are rendered while a command hangs, fails or floods it. After each
fault all sources must be up again, or it ends there.

Exits 1 when a page takes longer than LIMIT_MS at the 99th percentile. It takes some three minutes. Needs
root and the package slurm-wlm.
"""

import contextlib
import dataclasses
import pathlib
import shutil
import statistics
import sys
import time
from collections.abc import Callable
from concurrent import futures

import slurm_cluster
from slurm import SCRAPERS, exporter, main, scraped

from edctl_testkit.slurm import Cluster

NODES, JOBS = 1000, 10_000
LIMIT_MS = 50
READ_SECS, LEAD_SECS = 15, 1
SETTINGS = "interval_secs = 1\ndeadline_secs = 5\n"
PROGRAMS = ("sdiag", "sinfo", "squeue", "scontrol", "sshare")


@dataclasses.dataclass
class Fault:
    """Something that goes wrong, and how the exporter says so."""

    name: str
    reasons: set
    begin: Callable = lambda: None
    end: Callable = lambda: None


def faults(cluster: Cluster, squeue: "Squeue") -> list:
    slurmctld, munged = cluster.slurmctld, cluster.munged
    return [
        Fault("none", set()),
        Fault("slurmctld is stopped", {"timeout"}, slurmctld.stop, slurmctld.start),
        Fault("slurmctld is paused", {"timeout"}, slurmctld.pause, slurmctld.resume),
        Fault("slurmctld is restarted", set(), slurmctld.restart),
        Fault("munge is stopped", {"authentication"}, munged.stop, munged.start),
        squeue.fault("squeue hangs", "timeout", "exec sleep 600"),
        squeue.fault("squeue prints garbage", "bad_rows", "head -c 10000000 /dev/urandom; echo"),
        squeue.fault(
            "squeue prints 500 MB of lines",
            "bad_rows timeout",
            "yes \"$(printf '%0500d' 0)\" | head -c 500000000; echo",
        ),
        squeue.fault("squeue prints a line of 500 MB", "bad_rows timeout", "head -c 500000000 /dev/zero; echo"),
        squeue.fault(
            "squeue prints half and fails",
            "exit_status",
            f'{shutil.which("squeue")} "$@" | head -n {JOBS // 2}; exit 1',
        ),
    ]


class Squeue:
    """The squeue among the commands in a folder."""

    def __init__(self, folder: pathlib.Path):
        self.path = folder / "squeue"

    def put(self, body: str):
        """Puts a script in its place in one step."""
        script = self.path.with_suffix(".new")
        script.write_text(f"#!/bin/sh\n{body}\n")
        script.chmod(0o755)
        script.replace(self.path)

    def fault(self, name: str, reasons: str, body: str) -> Fault:
        real = f'exec {shutil.which("squeue")} "$@"'
        return Fault(name, set(reasons.split()), lambda: self.put(body), lambda: self.put(real))


def bin_dir(place: pathlib.Path) -> pathlib.Path:
    folder = place / "bin"
    folder.mkdir()
    for program in PROGRAMS:
        (folder / program).symlink_to(shutil.which(program))
    return folder


def reasons_on(page) -> set:
    return {dict(labels)["reason"] for labels in page.family("edctl_slurm_poll_failing")}


def is_healthy(page) -> bool:
    return all(page.family("edctl_slurm_up").values())


def milliseconds_while(fault: Fault, ours) -> list:
    """How long each page took that was read from before the fault's begin on."""
    # The fault begins in this thread: a daemon dies with the thread that started it.
    with futures.ThreadPoolExecutor(1) as reader:
        reading = reader.submit(scraped, ours, SCRAPERS, READ_SECS)
        time.sleep(LEAD_SECS)
        fault.begin()
        return [secs * 1e3 for secs in reading.result()]


def measure(binary: pathlib.Path, place: pathlib.Path) -> list:
    """Prints a row for each fault; returns what is broken."""
    # The exporter runs as a user to whom the folder of the build may be closed.
    shutil.copy(binary, place)
    place.chmod(0o755)
    folder = bin_dir(place)
    broken = []
    print(f"{'fault':31} | {'reason':14} | pages | {'p50':>6} {'p99':>6} {'max':>6} ms | p99 <= {LIMIT_MS}", flush=True)
    with slurm_cluster.slurmctld(place, NODES) as cluster:
        slurm_cluster.fill(cluster, JOBS)
        with exporter(place, cluster, f'bin_dir = "{folder}"\n{SETTINGS}') as ours:
            for fault in faults(cluster, Squeue(folder)):
                ours.settled(is_healthy)
                with contextlib.ExitStack() as mended:
                    mended.callback(fault.end)
                    took = milliseconds_while(fault, ours)
                    seen = reasons_on(ours.settled(lambda page: not fault.reasons or fault.reasons & reasons_on(page)))
                hundredths = statistics.quantiles(took, n=100)
                is_held = hundredths[98] <= LIMIT_MS
                print(
                    f"{fault.name:31} | {','.join(sorted(seen)):14} | {len(took):5} | "
                    f"{hundredths[49]:6.1f} {hundredths[98]:6.1f} {max(took):6.1f}    | "
                    f"{'held' if is_held else 'BROKEN'}",
                    flush=True,
                )
                if not is_held:
                    broken.append(f"{fault.name}: p99 {hundredths[98]:.1f} ms")
            ours.settled(is_healthy)
    return broken


if __name__ == "__main__":
    sys.exit(main("slurm_faults", __doc__, measure))
