"""What the live tests share: a small Slurm of our own whose jobs run. They run on this machine's Slurm, or on that of
another release (tests/releases)."""

import contextlib
import os
import pathlib
import shutil
import string
import subprocess

from edctl_testkit import build
from edctl_testkit.page import Page
from edctl_testkit.slurm import (  # noqa: F401
    AS_ORDINARY_USER,
    HAS_METRICS,
    METRICS,
    PATIENCE,
    Cluster,
    Daemon,
    controller,
    slurmrestd,
    versions,
    wait_until,
)

OURS = build.binary("edctl-exporter-slurm")
HAS_SLURM = os.getuid() == 0 and all(map(shutil.which, ("munged", "slurmctld", "slurmd", "slurmrestd")))

# One node's slurmd is there and runs jobs; those of the others never were, nor does anybody listen there.
CONFIGURATION = string.Template(
    (METRICS if HAS_METRICS else "")
    + """\
SlurmdSpoolDir=$place/spool
SlurmdPidFile=$place/slurmd.pid
SlurmctldLogFile=$place/slurmctld.log
SlurmdLogFile=$place/slurmd.log
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SchedulerParameters=bf_interval=1
SlurmdParameters=config_overrides
ReturnToService=2
MinJobAge=3600
GresTypes=gpu
Licenses=vcs:4,dc:2
NodeName=n1 NodeAddr=127.0.0.1 NodeHostname=localhost CPUs=8 RealMemory=4000 Features=avx512,rack1 Weight=10 \
Gres=gpu:a100:2
NodeName=n[2-4] NodeAddr=127.0.0.1 Port=9 CPUs=4 RealMemory=2000 Features=rack1 Gres=gpu:a100:2 State=DOWN
PartitionName=fast Nodes=n[1-2] Default=YES MaxTime=60 State=UP
PartitionName=slow Nodes=n[1-4] MaxTime=INFINITE State=UP
"""
)


# What tells the time, the process or who was asked; and requests, which asking itself makes.
OF_THE_POLL = (
    "process_",
    "edctl_build_info",
    "edctl_slurm_poll",
    "edctl_slurm_snapshot_",
    "edctl_slurm_source_info",
    "edctl_slurm_rpc",
    "edctl_slurm_user_rpc",
)
# squeue may show a text in place of the word.
TEXTS = {"Nodes required for job are DOWN": "Resources"}
# The scheduler begins a cycle now and then.
TRIES = 20


@contextlib.contextmanager
def slurm(place: pathlib.Path):
    """Runs a Slurm in `place`, where everybody may read, until the block ends."""
    # munge's socket must be within everybody's reach, and the exporter within an ordinary user's.
    place.chmod(0o755)
    shutil.copy(OURS, place / "exporter")
    with controller(place, CONFIGURATION) as cluster, contextlib.ExitStack() as stack:
        (place / "spool").mkdir()
        (place / "gres.conf").write_text(
            "NodeName=n1 Name=gpu Type=a100 File=/dev/null\nNodeName=n1 Name=gpu Type=a100 File=/dev/zero\n"
        )
        stack.enter_context(Daemon(["slurmd", "-D", "-N", "n1", "-f", place / "slurm.conf"]))
        wait_until(lambda: cluster.run("sinfo", "-hN", "-n", "n1", "-o", "%T").split() == ["idle"] * 2, "slurmd")
        try:
            yield cluster
        finally:
            end_jobs(cluster)


def end_jobs(cluster: Cluster):
    """Jobs outlive their slurmd."""
    cluster.run("scancel", "--state=RUNNING")
    wait_until(lambda: not cluster.run("squeue", "--noheader", "--states=RUNNING,COMPLETING"), "a job")


def page(place: pathlib.Path, cluster: Cluster, *before, slurm: str = 'backend = "cli"') -> Page:
    """What the exporter says once, with this section `slurm` of its configuration, by a command that begins so."""
    config = place / "exporter.toml"
    config.write_text(f"[slurm]\n{slurm}\n")
    environment = {**os.environ, "SLURM_CONF": cluster.environment["SLURM_CONF"]}
    answer = subprocess.run(
        [*before, place / "exporter", "--config", config, "--once"],
        env=environment,
        check=True,
        text=True,
        stdout=subprocess.PIPE,
        timeout=PATIENCE,
    )
    return Page.parse(answer.stdout)


def fill(cluster: Cluster):
    """Gives it jobs and nodes in many states."""

    def submit(*options, command="sleep 600"):
        return cluster.run(
            "sbatch", "--parsable", "--chdir=/", "--output=/dev/null", "--mem=100", *options, f"--wrap={command}"
        ).strip()

    submit("--ntasks=2", "--comment=edctl/1 run=R stage=sim profile=latency", "--licenses=vcs:2")
    submit("--array=0-9%2", "--uid=daemon", "--partition=fast,slow")
    submit("--array=1,3,5,7,8,9,40-50:2", "--hold", "--account=soc")
    submit(command="true")
    submit(command="false")
    submit("--begin=now+3600", "--partition=slow")
    submit("--partition=slow", "--gres=gpu:a100:1")
    submit("--nodes=2", "--partition=fast", "--comment=two\nlines")
    submit("--dependency=singleton", "--job-name=x", "--ntasks=1", ":", "--ntasks=2")
    cluster.run("scancel", submit("--hold"))
    cluster.run(
        "scontrol",
        "create",
        "reservation",
        "ReservationName=now",
        "StartTime=now",
        "Duration=60",
        "Nodes=n3",
        "Users=root",
        "Flags=IGNORE_JOBS",
    )
    cluster.run(
        "scontrol",
        "create",
        "reservation",
        "ReservationName=maint",
        "StartTime=now+3600",
        "Duration=60",
        "Nodes=n[2-4]",
        "Users=root",
        "Flags=MAINT",
    )
    cluster.run("scontrol", "update", "NodeName=n4", "State=DRAIN", 'Reason=the "disk" | full')

    def states() -> list:
        return cluster.run("squeue", "--noheader", "--states=all", "--format=%T").split()

    wait_until(
        lambda: (
            states().count("RUNNING") >= 3 and "COMPLETING" not in states() and {"COMPLETED", "FAILED"} <= set(states())
        ),
        "a job",
    )
    cluster.run("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=to be replaced")


def both(place: pathlib.Path, cluster: Cluster, *before, slurm: str) -> tuple:
    """What the commands tell and what `page` with these arguments tells while nothing changes."""
    for _ in range(TRIES):
        by_commands = told(page(place, cluster))
        other = told(page(place, cluster, *before, slurm=slurm))
        if by_commands == told(page(place, cluster)):
            return by_commands, other
    raise AssertionError("Slurm never rests")


def told(page: Page) -> dict:
    """What the page says of Slurm itself."""
    sums = {}
    for (name, labels), value in page.series.items():
        if not name.startswith(OF_THE_POLL):
            words = dict(labels)
            if words.get("reason") in TEXTS:
                words["reason"] = TEXTS[words["reason"]]
            key = (name, tuple(sorted(words.items())))
            sums[key] = sums.get(key, 0) + value
    return sums
