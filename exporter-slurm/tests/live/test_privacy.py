"""What an ordinary user is shown of a real Slurm is true, whatever is private there; the rest is said to be hidden."""

import pathlib
import subprocess
import tempfile
import unittest

from support import AS_ORDINARY_USER, HAS_SLURM, PATIENCE, both, slurm, wait_until

# What PrivateData may name, and the source that is left out for it. Without slurmdbd there are no shares.
KINDS = {
    "accounts": None,
    "events": None,
    "users": None,
    "jobs": "jobs",
    "nodes": "nodes",
    "partitions": "nodes",
    "reservations": "reservations",
}
SOURCES = ("edctl_slurm_nodes", "edctl_slurm_jobs", "edctl_slurm_licenses", "edctl_slurm_reservation_info")
# What is said of each source.
OF_SOURCES = ("edctl_slurm_up", "edctl_slurm_source_hidden")


@unittest.skipUnless(HAS_SLURM, "only root, with Slurm")
class Privacy(unittest.TestCase):
    def test_of_each_kind(self):
        with tempfile.TemporaryDirectory() as directory:
            place = pathlib.Path(directory)
            with slurm(place) as cluster:
                cluster.run("sbatch", "--chdir=/", "--output=/dev/null", "--mem=100", "--wrap=sleep 600")
                cluster.run("sbatch", "--chdir=/", "--output=/dev/null", "--uid=games", "--hold", "--wrap=true")
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
                wait_until(lambda: "RUNNING" in cluster.run("squeue", "--format=%T"), "a job")
                configuration = (place / "slurm.conf").read_text()
                for kind, source in KINDS.items():
                    (place / "slurm.conf").write_text(f"{configuration}PrivateData={kind}\n")
                    cluster.run("scontrol", "reconfigure")
                    wait_until(lambda: f"PrivateData = {kind}" in self.configuration(cluster), "slurmctld")
                    with self.subTest(kind):
                        self.compare(place, cluster, kind, source)

    def configuration(self, cluster) -> str:
        """Nothing while slurmctld begins anew."""
        shown = subprocess.run(
            ["scontrol", "show", "config"],
            env=cluster.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
        ).stdout
        return " ".join(shown.split())

    def compare(self, place, cluster, kind, source):
        all_of_it, seen = both(place, cluster, *AS_ORDINARY_USER, slurm='backend = "cli"')
        differs = {series: value for series, value in seen.items() if all_of_it.get(series) != value}
        self.assertEqual({series for series in differs if series[0] not in OF_SOURCES}, set())
        hidden = [dict(labels) for name, labels in seen if name == "edctl_slurm_source_hidden"]
        self.assertEqual(hidden, [{"source": source, "kind": kind}] if source else [])
        missing = [family for family in SOURCES if not has(seen, family)]
        self.assertEqual(len(missing), len(hidden), missing)
        self.assertTrue(all(has(all_of_it, family) for family in SOURCES))


def has(told: dict, family: str) -> bool:
    return any(name == family for name, _ in told)
