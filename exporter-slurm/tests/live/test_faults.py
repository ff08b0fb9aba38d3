"""What fails at a real Slurm is told by its name, which each release words as it likes, and heals."""

import pathlib
import tempfile
import unittest

from support import HAS_SLURM, page, slurm, wait_until

# All that the commands are asked for, as nobody has accounts here.
SOURCES = ("access", "diag", "nodes", "jobs", "licenses", "reservations", "shares")


@unittest.skipUnless(HAS_SLURM, "only root, with Slurm")
class Faults(unittest.TestCase):
    def test_are_named_and_heal(self):
        with tempfile.TemporaryDirectory() as directory:
            place = pathlib.Path(directory)
            with slurm(place) as cluster:
                # For the commands: so long they try.
                with (place / "slurm.conf").open("a") as configuration:
                    configuration.write("MessageTimeout=2\n")
                for daemon, reason in ((cluster.slurmctld, "unreachable"), (cluster.munged, "authentication")):
                    daemon.stop()
                    self.assertEqual(self.failing(place, cluster), dict.fromkeys(SOURCES, reason))
                    daemon.start()
                    wait_until(lambda: self.failing(place, cluster) == {}, "Slurm")

    def failing(self, place, cluster) -> dict:
        failing = map(dict, page(place, cluster).family("edctl_slurm_poll_failing"))
        return {labels["source"]: labels["reason"] for labels in failing}
