"""What every end-to-end test stands on: the rolled-out cluster of the lab that `lab/test` chose."""

import contextlib
import re
import shutil
import unittest

from edctl_cluster.cluster import Cluster
from edctl_cluster.rollout import DESIGNER
from edctl_lab.settings import find_lab

WORKERS = ("w1", "w2")
TASK_SPAN = re.compile(r"^TRACEPARENT=00-([0-9a-f]{32})-([0-9a-f]{16})-01$", re.MULTILINE)

COPY_UNIT = """
cp /lib/systemd/system/"$0".service /run/systemd/system/"$1".service
mkdir /run/systemd/system/"$1".service.d
cat > /run/systemd/system/"$1".service.d/beside.conf
systemctl daemon-reload && systemctl start "$1"
"""
REMOVE_COPY = """
systemctl stop "$0"
rm -rf /run/systemd/system/"$0".service /run/systemd/system/"$0".service.d
systemctl daemon-reload
"""


class ClusterTest(unittest.TestCase):
    """A test against the running cluster. No node may be drained when it ends."""

    cluster: Cluster

    @classmethod
    def setUpClass(cls) -> None:
        cls.cluster = Cluster(find_lab(None))

    def tearDown(self) -> None:
        states = self.cluster.node_states()
        drained = {
            name: state for name, state in states.items() if any(word in state for word in ("drain", "down", "fail"))
        }
        self.assertEqual(drained, {}, "a node was drained or is down")

    def srun(self, *argv: str, node: str = "w1", comment: str | None = None) -> str:
        """Runs a step on a worker as the designer and returns what it printed."""
        words = ["srun", "-Q", "-p", "latency", "-n1", "--time=2", "-w", node]
        if comment:
            words.append(f"--comment={comment}")
        return self.cluster.out("ctl", [*words, *argv], user=DESIGNER)

    def sbatch(self, command: str, *options: str) -> int:
        """Submits a job of the designer's that prints nothing; returns its id."""
        told = self.cluster.out(
            "ctl",
            [
                "sbatch",
                "--parsable",
                "-p",
                "latency",
                "--time=2",
                "--chdir=/",
                "--output=/dev/null",
                *options,
                f"--wrap={command}",
            ],
            user=DESIGNER,
        )
        return int(told)

    def job_through_hooks(self, node: str) -> int:
        """Runs a job that must not notice what is wrong with its node; returns its id."""
        return int(self.srun("printenv", "SLURM_JOB_ID", node=node))

    @classmethod
    @contextlib.contextmanager
    def copy_of_unit(cls, node: str, unit: str, name: str, settings: str = ""):
        """Runs a unit of the node's under another name, with other settings."""
        try:
            started = cls.cluster.run(node, ["sh", "-e", "-c", COPY_UNIT, unit, name], stdin=settings)
            assert started.code == 0, started.stderr
            yield
        finally:
            cls.cluster.run(node, ["sh", "-c", REMOVE_COPY, name])

    def copy_of_flows(self, name: str) -> str:
        """A flow directory of its own for a test that changes sources."""
        home = self.cluster.lab.home_dir / DESIGNER
        target = home / name
        self.addCleanup(shutil.rmtree, target)
        shutil.copytree(home / "eda-flows", target, ignore=shutil.ignore_patterns(".edctl"))
        self.cluster.out("ctl", ["chown", "-R", f"{DESIGNER}:", f"/home/{DESIGNER}/{name}"])
        return f"/home/{DESIGNER}/{name}"


def cpu_secs(text: str) -> float:
    """sacct's CPU time, [days-][hours:]minutes:seconds, in seconds."""
    days, _, time = text.rpartition("-")
    secs = 0.0
    for part in time.split(":"):
        secs = secs * 60 + float(part)
    return int(days or 0) * 86400 + secs
