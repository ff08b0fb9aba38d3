"""The accounts: sacct knows every job that ended, also one that slurmdbd did not see."""

from edctl_cluster.cluster import wait_until
from edctl_cluster.rollout import DESIGNER

from .case import ClusterTest, cpu_secs

COMMENT = "edctl/1 run=01J000000000000000000000AC stage=sim"
BURNED_SECS = 2
BURNS_CPU = f"exec python3 -c 'import time\nwhile time.process_time() < {BURNED_SECS}: pass'"


class Accounting(ClusterTest):
    def test_sacct_knows_a_finished_jobs_state_time_and_cpu(self) -> None:
        job_id = self.sbatch(BURNS_CPU, f"--comment={COMMENT}")
        self.wait_for_account(job_id, "COMPLETED")
        job, *steps = self.cluster.sacct(job_id, "JobID", "Comment", "ExitCode", "ElapsedRaw", "TotalCPU")
        self.assertEqual((job["JobID"], job["Comment"], job["ExitCode"]), (str(job_id), COMMENT, "0:0"))
        self.assertGreaterEqual(int(job["ElapsedRaw"]), BURNED_SECS)
        self.assertEqual({step["JobID"] for step in steps}, {f"{job_id}.batch", f"{job_id}.extern"})
        batch = next(step for step in steps if step["JobID"].endswith(".batch"))
        self.assertAlmostEqual(cpu_secs(batch["TotalCPU"]), BURNED_SECS, delta=0.2)

    def test_sacct_knows_how_a_job_failed(self) -> None:
        job_id = self.sbatch("exit 3")
        self.wait_for_account(job_id, "FAILED")
        self.assertEqual(self.cluster.sacct(job_id, "ExitCode")[0]["ExitCode"], "3:0")

    def test_jobs_run_without_slurmdbd_and_sacct_learns_of_them_later(self) -> None:
        self.addCleanup(self.cluster.out, "ctl", ["systemctl", "start", "slurmdbd"])
        self.cluster.out("ctl", ["systemctl", "stop", "slurmdbd"])
        job_ids = [self.job_through_hooks("w1")]
        self.restart_slurmctld()
        job_ids.append(self.job_through_hooks("w2"))
        asked = self.cluster.run("ctl", ["sacct", "-j", str(job_ids[0])])
        self.assertNotEqual(asked.code, 0, "slurmdbd was away all the time")

        self.cluster.out("ctl", ["systemctl", "start", "slurmdbd"])
        for job_id in job_ids:
            self.wait_for_account(job_id, "COMPLETED")

    def wait_for_account(self, job_id: int, state: str) -> None:
        """A short job's end may be told before its start, and until then its user is not known."""

        def accounted() -> bool:
            asked = self.cluster.run("ctl", ["sacct", "-n", "-P", "-X", "-j", str(job_id), "-o", "User,State"])
            return asked.stdout.strip() == f"{DESIGNER}|{state}"

        wait_until(f"job {job_id} is {state} in sacct", accounted, 120)

    def restart_slurmctld(self) -> None:
        self.cluster.out("ctl", ["systemctl", "restart", "slurmctld"])
        wait_until("slurmctld answers", lambda: " is UP" in self.cluster.run("ctl", ["scontrol", "ping"]).stdout)
