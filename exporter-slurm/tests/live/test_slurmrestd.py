"""What the commands tell of a real Slurm, and what slurmrestd tells of it, is the same."""

import os
import pathlib
import tempfile
import unittest

from support import PROGRAMS, page, slurm, wait_until

# What tells the time, the process or who was asked; and requests, which asking itself makes.
OF_THE_POLL = ("process_", "edctl_build_info", "edctl_slurm_poll", "edctl_slurm_snapshot_",
               "edctl_slurm_source_info", "edctl_slurm_rpc", "edctl_slurm_user_rpc")
# Which v0.0.38 does not tell: whole sources, and single figures.
NOT_TOLD = ("shares",)
NOT_OF_V38 = ("edctl_slurm_backfill_last_depth_jobs", "edctl_slurm_backfill_last_tried_jobs")
# Where a comment breaks its line, squeue breaks the row.
STRAY = ("edctl_slurm_rows_rejected_total", (("reason", "stray"), ("source", "jobs")))
# The scheduler begins a cycle now and then.
TRIES = 20
# squeue may show a text in place of the word.
TEXTS = {"Nodes required for job are DOWN": "Resources"}


@unittest.skipUnless(os.getuid() == 0 and all(PROGRAMS), "only root, with Slurm and slurmrestd")
class Agreement(unittest.TestCase):
    def test_of_jobs_and_nodes_in_many_states(self):
        with tempfile.TemporaryDirectory() as directory:
            # munge's socket must be within everybody's reach.
            os.chmod(directory, 0o755)
            place = pathlib.Path(directory)
            with slurm(place) as cluster:
                self.fill(cluster)
                by_commands, by_rest = self.both(place, cluster)
        for source in NOT_TOLD:
            series = ("edctl_slurm_up", (("source", source),))
            self.assertEqual((by_commands.pop(series), by_rest.pop(series)), (1, 0), source)
        self.assertEqual((by_commands.pop(STRAY), by_rest.pop(STRAY)), (1, 0))
        # The pages are long: only what is different is shown.
        self.assertEqual(by_rest.items() - by_commands.items(), set())
        self.assertEqual(by_commands.items() - by_rest.items(), set())
        for name, labels in [("edctl_slurm_jobs", {"state": "running"}),
                             ("edctl_slurm_jobs", {"state": "pending"}),
                             ("edctl_slurm_jobs", {"state": "completed"}),
                             ("edctl_slurm_jobs", {"state": "failed"}),
                             ("edctl_slurm_jobs", {"state": "cancelled"}),
                             ("edctl_slurm_nodes", {"state": "draining"}),
                             ("edctl_slurm_reservation_active", {"reservation": "now"}),
                             ("edctl_slurm_stage_jobs", {"stage": "sim", "state": "running"})]:
            self.assertGreater(by_rest[name, tuple(sorted(labels.items()))], 0, (name, labels))

    def fill(self, cluster):
        def submit(*options, command="sleep 600"):
            return cluster.run("sbatch", "--parsable", "--chdir=/", "--output=/dev/null", "--mem=100",
                               *options, f"--wrap={command}").strip()

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
        cluster.run("scontrol", "create", "reservation", "ReservationName=now", "StartTime=now",
                    "Duration=60", "Nodes=n3", "Users=root", "Flags=IGNORE_JOBS")
        cluster.run("scontrol", "create", "reservation", "ReservationName=maint",
                    "StartTime=now+3600", "Duration=60", "Nodes=n[2-4]", "Users=root", "Flags=MAINT")
        cluster.run("scontrol", "update", "NodeName=n4", "State=DRAIN", 'Reason=the "disk" | full')

        def states() -> list:
            return cluster.run("squeue", "--noheader", "--states=all", "--format=%T").split()

        wait_until(lambda: states().count("RUNNING") >= 3 and "COMPLETING" not in states()
                   and {"COMPLETED", "FAILED"} <= set(states()), "a job")
        cluster.run("scontrol", "update", "NodeName=n1", "State=DRAIN", "Reason=to be replaced")

    def both(self, place, cluster) -> tuple:
        """What the commands tell and what slurmrestd tells while nothing changes."""
        for _ in range(TRIES):
            before = self.told(page(place, cluster, "cli"))
            by_rest = self.told(page(place, cluster, "slurmrestd"))
            if before == self.told(page(place, cluster, "cli")):
                return before, by_rest
        raise AssertionError("Slurm never rests")

    def told(self, page) -> dict:
        """What the page says of Slurm itself."""
        told = {}
        for (name, labels), value in page.series.items():
            if not name.startswith(OF_THE_POLL) and name not in NOT_OF_V38:
                words = {**dict(labels), "reason": TEXTS.get(dict(labels).get("reason"))}
                if words["reason"] is None:
                    words = dict(labels)
                key = (name, tuple(sorted(words.items())))
                told[key] = told.get(key, 0) + value
        return told
