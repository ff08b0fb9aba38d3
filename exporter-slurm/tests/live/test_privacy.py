"""What an ordinary user is shown of a real Slurm is true, whatever is private there; what is not is said to be hidden."""

import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from support import OURS, PROGRAMS, Page, slurm, wait_until

from edctl_testkit.slurm import PATIENCE

# What PrivateData may name, and the source that is left out for it. Without slurmdbd there are no shares.
KINDS = {"accounts": None, "events": None, "users": None, "cloud": None, "jobs": "jobs", "nodes": "nodes",
         "partitions": "nodes", "reservations": "reservations"}
SOURCES = ("edctl_slurm_nodes", "edctl_slurm_jobs", "edctl_slurm_licenses", "edctl_slurm_reservation_info")
# What tells the time, the process or what its user sees; and requests, which asking itself makes.
OF_THE_ASKER = ("process_", "edctl_build_info", "edctl_slurm_poll", "edctl_slurm_snapshot_", "edctl_slurm_rpc",
                "edctl_slurm_user_rpc", "edctl_slurm_up", "edctl_slurm_source_hidden")
# The scheduler begins a cycle now and then.
TRIES = 20


@unittest.skipUnless(os.getuid() == 0 and all(PROGRAMS), "only root, with Slurm and slurmrestd")
class Privacy(unittest.TestCase):
    def test_of_each_kind(self):
        with tempfile.TemporaryDirectory() as directory:
            # An ordinary user runs the exporter there.
            os.chmod(directory, 0o755)
            place = pathlib.Path(directory)
            shutil.copy(OURS, place / "exporter")
            (place / "exporter.toml").write_text('[slurm]\nbackend = "cli"\n')
            with slurm(place) as cluster:
                cluster.run("sbatch", "--chdir=/", "--output=/dev/null", "--mem=100", "--wrap=sleep 600")
                cluster.run("sbatch", "--chdir=/", "--output=/dev/null", "--uid=daemon", "--hold", "--wrap=true")
                cluster.run("scontrol", "create", "reservation", "ReservationName=now", "StartTime=now",
                            "Duration=60", "Nodes=n3", "Users=root", "Flags=IGNORE_JOBS")
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
        shown = subprocess.run(["scontrol", "show", "config"], env=cluster.environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=PATIENCE).stdout
        return " ".join(shown.split())

    def compare(self, place, cluster, kind, source):
        for _ in range(TRIES):
            all_of_it = self.page(place, cluster)
            seen = self.page(place, cluster, "setpriv", "--reuid=daemon", "--regid=daemon", "--clear-groups")
            if self.told(all_of_it) == self.told(self.page(place, cluster)):
                break
        else:
            self.fail("Slurm never rests")
        self.assertEqual(self.told(seen).items() - self.told(all_of_it).items(), set())
        hidden = {dict(labels)["source"]: dict(labels)["kind"] for labels in seen.family("edctl_slurm_source_hidden")}
        self.assertEqual(hidden, {source: kind} if source else {})
        self.assertEqual(all_of_it.family("edctl_slurm_source_hidden"), {})
        missing = [family for family in SOURCES if not seen.family(family)]
        self.assertEqual(len(missing), len(hidden), missing)
        self.assertTrue(all(all_of_it.family(family) for family in SOURCES))

    def page(self, place, cluster, *before) -> Page:
        environment = {**os.environ, "SLURM_CONF": cluster.environment["SLURM_CONF"]}
        command = [*before, place / "exporter", "--config", place / "exporter.toml", "--once"]
        return Page.parse(subprocess.run(command, env=environment, check=True, text=True, stdout=subprocess.PIPE,
                                         timeout=PATIENCE).stdout)

    def told(self, page) -> dict:
        return {key: value for key, value in page.series.items() if not key[0].startswith(OF_THE_ASKER)}
