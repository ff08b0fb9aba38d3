"""What slurmctld's own metrics tell, put right, is what the commands tell, and little else."""

import pathlib
import tempfile
import unittest

from support import HAS_METRICS, HAS_SLURM, both, fill, slurm

# In place of the nodes by state.
OF_SLURMCTLD_ALONE = ("edctl_slurm_base_state_nodes", "edctl_slurm_partition_base_state_nodes")
STRAY = ("edctl_slurm_rows_rejected_total", (("reason", "stray"), ("source", "jobs")))
NOT_OFFERED = ("licenses", "reservations", "shares")
# What is not as the commands have it.
DIFFERENT = {
    # The array waits in this partition, too; slurmctld counts it in its first one.
    ("edctl_slurm_partition_jobs", (("partition", "slow"), ("state", "pending"))): 1,
    # What slurmctld prints has no rows that could be rejected so.
    STRAY: 0,
    # Its asker is no request.
    ("edctl_slurm_server_threads", ()): 0,
    **{("edctl_slurm_up", (("source", source),)): 0 for source in NOT_OFFERED},
}


@unittest.skipUnless(HAS_SLURM and HAS_METRICS, "only root, with Slurm 25.11 or newer")
class Native(unittest.TestCase):
    maxDiff = None

    def test_agrees_with_the_commands(self):
        with tempfile.TemporaryDirectory() as directory:
            place = pathlib.Path(directory)
            with slurm(place) as cluster:
                fill(cluster)
                by_commands, by_slurmctld = both(
                    place, cluster, slurm=f'backend = "native"\nnative_url = "http://127.0.0.1:{cluster.port}"'
                )
        different = {
            series: value
            for series, value in by_slurmctld.items()
            if by_commands.get(series) != value and series[0] not in OF_SLURMCTLD_ALONE
        }
        for series in list(different):
            name, labels = series
            if ("state", "unallocated") in labels:
                of = [
                    by_commands[name, tuple(sorted({**dict(labels), "state": state}.items()))]
                    for state in ("idle", "other")
                ]
                self.assertEqual(different.pop(series), sum(of), series)
        self.assertEqual(different, DIFFERENT)
        states = {
            dict(labels)["state"]: value
            for (name, labels), value in by_slurmctld.items()
            if name == OF_SLURMCTLD_ALONE[0]
        }
        self.assertEqual({state: nodes for state, nodes in states.items() if nodes}, {"mixed": 1, "down": 3})
        for series in [
            ("edctl_slurm_jobs", (("state", "running"),)),
            ("edctl_slurm_memory_bytes", ()),
            ("edctl_slurm_user_jobs", (("state", "pending"), ("user", "daemon"))),
            ("edctl_slurm_nodes_flagged", (("flag", "drain"),)),
            ("edctl_slurm_jobs_submitted_total", ()),
        ]:
            self.assertGreater(by_slurmctld[series], 0, series)
