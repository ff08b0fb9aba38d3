"""What the live tests share: a small Slurm of our own whose jobs run, and slurmrestd beside it."""

import contextlib
import os
import pathlib
import shutil
import string
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "lib/testkit/python"))

from edctl_testkit import build  # noqa: E402
from edctl_testkit.page import Page  # noqa: E402
from edctl_testkit.slurm import PATIENCE, Cluster, Daemon, controller, wait_until  # noqa: E402, F401

OURS = build.binary("edctl-exporter-slurm")
PROGRAMS = [shutil.which(name) for name in ("munged", "slurmctld", "slurmd", "slurmrestd")]

# One node's slurmd is there and runs jobs; those of the others never were, nor does anybody listen there.
CONFIGURATION = string.Template("""\
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
NodeName=n1 NodeAddr=127.0.0.1 NodeHostname=localhost CPUs=8 RealMemory=4000 Features=avx512,rack1 Weight=10
NodeName=n[2-4] NodeAddr=127.0.0.1 Port=9 CPUs=4 RealMemory=2000 Features=rack1 Gres=gpu:a100:2 State=DOWN
PartitionName=fast Nodes=n[1-2] Default=YES MaxTime=60 State=UP
PartitionName=slow Nodes=n[1-4] MaxTime=INFINITE State=UP
""")


@contextlib.contextmanager
def slurm(place: pathlib.Path):
    """Runs a whole Slurm in `place`, with slurmrestd's socket there, until the block ends."""
    with controller(place, CONFIGURATION) as cluster, contextlib.ExitStack() as stack:
        (place / "spool").mkdir()
        stack.enter_context(Daemon(["slurmd", "-D", "-N", "n1", "-f", place / "slurm.conf"]))
        # Without slurmdbd the plugins for its tables would end it.
        stack.enter_context(Daemon([
            "env", *(f"{name}={value}" for name, value in cluster.environment.items()),
            "SLURMRESTD_SECURITY=disable_user_check",
            "slurmrestd", "-f", place / "slurm.conf", "-a", "rest_auth/local",
            "-s", "openapi/v0.0.36,openapi/v0.0.37,openapi/v0.0.38",
            f"unix:{place}/slurmrestd.socket"], (place / "slurmrestd.socket").exists))
        wait_until(lambda: cluster.run("sinfo", "-hN", "-n", "n1", "-o", "%T").split() == ["idle"] * 2,
                   "slurmd")
        try:
            yield cluster
        finally:
            end_jobs(cluster)


def end_jobs(cluster: Cluster):
    """Jobs outlive their slurmd."""
    cluster.run("scancel", "--state=RUNNING")
    wait_until(lambda: not cluster.run("squeue", "--noheader", "--states=RUNNING,COMPLETING"), "a job")


def page(place: pathlib.Path, cluster: Cluster, backend: str) -> Page:
    """What the exporter says once, by this backend."""
    config = place / f"{backend}.toml"
    config.write_text(f'[slurm]\nbackend = "{backend}"\n'
                      f'slurmrestd_socket = "{place}/slurmrestd.socket"\n')
    environment = {**os.environ, "SLURM_CONF": cluster.environment["SLURM_CONF"]}
    answer = subprocess.run([OURS, "--config", config, "--once"], env=environment, check=True,
                            text=True, stdout=subprocess.PIPE, timeout=PATIENCE)
    return Page.parse(answer.stdout)
