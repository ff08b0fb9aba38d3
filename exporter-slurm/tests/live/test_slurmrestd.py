"""What the commands tell of a real Slurm, and what slurmrestd tells of it, is the same."""

import pathlib
import tempfile
import unittest

from support import AS_ORDINARY_USER, HAS_SLURM, both, fill, page, slurm, slurmrestd, versions

SHARES = ("edctl_slurm_up", (("source", "shares"),))
# Single figures that a version does not tell.
NOT_TOLD = {
    "v0.0.38": [("edctl_slurm_backfill_last_depth_jobs", ()), ("edctl_slurm_backfill_last_tried_jobs", ())],
    "v0.0.40": [("edctl_slurm_scheduler_max_cycle_seconds", (("scheduler", "backfill"),))],
}
# Where a comment breaks its line, squeue breaks the row.
STRAY = ("edctl_slurm_rows_rejected_total", (("reason", "stray"), ("source", "jobs")))
# Older versions, v0.0.N, are not read.
OLDEST = 38


@unittest.skipUnless(HAS_SLURM, "only root, with Slurm and slurmrestd")
class Agreement(unittest.TestCase):
    def test_of_jobs_and_nodes_in_many_states(self):
        with tempfile.TemporaryDirectory() as directory:
            place = pathlib.Path(directory)
            with slurm(place) as cluster:
                fill(cluster)
                configuration = place / "slurm.conf"
                for version in versions(configuration):
                    with self.subTest(version), slurmrestd(configuration, place, version) as socket:
                        if int(version.removeprefix("v0.0.")) < OLDEST:
                            self.refuse(page(place, cluster, *AS_ORDINARY_USER, slurm=at(socket)))
                        else:
                            self.compare(*both(place, cluster, *AS_ORDINARY_USER, slurm=at(socket)), version)

    def refuse(self, page):
        """Whoever needs a version that is not read hears why there is nothing."""
        failing = page.family("edctl_slurm_poll_failing")
        self.assertEqual({dict(labels)["reason"] for labels in failing}, {"not_offered"})
        self.assertEqual(page.family("edctl_slurm_jobs"), {})

    def compare(self, by_commands, by_rest, version):
        if version == "v0.0.38":
            self.assertEqual((by_commands.pop(SHARES), by_rest.pop(SHARES)), (1, 0))
        for figure in NOT_TOLD.get(version, ()):
            del by_commands[figure]
        self.assertEqual((by_commands.pop(STRAY), by_rest.pop(STRAY)), (1, 0))
        # The pages are long: only what is different is shown.
        self.assertEqual(by_rest.items() - by_commands.items(), set())
        self.assertEqual(by_commands.items() - by_rest.items(), set())
        for name, labels in [
            ("edctl_slurm_jobs", {"state": "running"}),
            ("edctl_slurm_jobs", {"state": "pending"}),
            ("edctl_slurm_jobs", {"state": "completed"}),
            ("edctl_slurm_jobs", {"state": "failed"}),
            ("edctl_slurm_jobs", {"state": "cancelled"}),
            ("edctl_slurm_nodes", {"state": "draining"}),
            ("edctl_slurm_reservation_active", {"reservation": "now"}),
            ("edctl_slurm_stage_jobs", {"stage": "sim", "state": "running"}),
        ]:
            self.assertGreater(by_rest[name, tuple(sorted(labels.items()))], 0, (name, labels))


def at(socket) -> str:
    return f'backend = "slurmrestd"\nslurmrestd_socket = "{socket}"'
