"""The process exporter's job metrics, beside what Slurm's own accounts say of the same jobs."""

import re
import shlex
from collections import Counter
from dataclasses import dataclass

from edctl_cluster.cluster import wait_until
from edctl_cluster.rollout import DESIGNER

from .case import WORKERS, ClusterTest, cpu_secs

JOBS = 50
TOLERANCE = 0.02
LIMIT_SECS = 280  # an ended job stays on the page for 300 s, also the first one
# Shorter than a scrape interval. It holds its memory from the first moment to the last, so that
# the samples that sacct's MaxRSS comes from see all of it.
SHORT_JOB = """
import time
began = time.monotonic()
held = b"x" * (120 << 20)
while time.process_time() < 1.5:
    pass
time.sleep(max(0, began + 4 - time.monotonic()))
"""
WELL = {"PENDING", "RUNNING", "COMPLETED"}
SAMPLE = r'^%s\{(?:.*,)?jobid="(\d+)".*\} (\S+)'


@dataclass(frozen=True)
class Account:
    """What Slurm's accounts say that a job took."""

    cpu_secs: float
    max_rss_bytes: int


class JobMetrics(ClusterTest):
    def test_fifty_short_jobs_are_measured_as_slurm_accounts_for_them(self) -> None:
        array_id = self.sbatch(
            f"exec python3 -c {shlex.quote(SHORT_JOB)}", f"--array=1-{JOBS}", "--mem=200M", "--acctg-freq=task=1"
        )
        self.addCleanup(self.cluster.out, "ctl", ["scancel", str(array_id)])
        wait_until("every job is over", lambda: self.ended_jobs(array_id) == JOBS, LIMIT_SECS)
        cpu = self.exported("edctl_job_cpu_seconds_total")
        memory = self.exported("edctl_job_memory_anon_peak_bytes")
        accounts = self.accounts(array_id)

        self.assertEqual(len(accounts), JOBS, "each task is a job with an id of its own")
        for family in (cpu, memory):
            self.assertEqual(accounts.keys() - family.keys(), set(), "jobs that are missing")
        self.assert_close(
            sum(cpu[job_id] for job_id in accounts), sum(account.cpu_secs for account in accounts.values())
        )
        self.assert_close(
            sum(memory[job_id] for job_id in accounts), sum(account.max_rss_bytes for account in accounts.values())
        )

    def test_a_job_that_only_holds_its_allocation_is_visible(self) -> None:
        granted = self.cluster.run("ctl", ["salloc", "--no-shell", "-p", "latency", "-n1", "--time=5"], user=DESIGNER)
        found = re.search(r"Granted job allocation (\d+)", granted.stderr)
        assert found is not None, granted.stderr
        job_id = found[1]
        self.addCleanup(self.cluster.out, "ctl", ["scancel", job_id])
        wait_until("the job, which has no task yet, on a page", lambda: job_id in self.exported("edctl_job_info"))
        self.cluster.out("ctl", ["srun", f"--jobid={job_id}", "--chdir=/", "true"], user=DESIGNER)
        self.assertIn(job_id, self.exported("edctl_job_info"))
        running = self.cluster.out("ctl", ["squeue", "-h", "-j", job_id, "-o", "%T"]).strip()
        self.assertEqual(running, "RUNNING")

    def exported(self, family: str) -> Counter[str]:
        """The family's values by job, from the pages of all workers."""
        values: Counter[str] = Counter()
        for node in WORKERS:
            page = self.cluster.out("ctl", ["curl", "-sSf", f"http://{node}:9812/metrics"])
            for job_id, value in re.findall(SAMPLE % family, page, re.MULTILINE):
                values[job_id] += float(value)
        return values

    def ended_jobs(self, array_id: int) -> int:
        """How many jobs are over: the extern step is the last to end."""
        rows = self.cluster.sacct(array_id, "JobIDRaw", "State")
        for row in rows:
            self.assertIn(row["State"], WELL, row)
        return sum(row["State"] == "COMPLETED" and row["JobIDRaw"].endswith(".extern") for row in rows)

    def accounts(self, array_id: int) -> dict[str, Account]:
        """Slurm's accounts of the array's jobs, by their own ids."""
        steps = {row["JobIDRaw"]: row for row in self.cluster.sacct(array_id, "JobIDRaw", "TotalCPU", "MaxRSS")}
        return {
            job_id: Account(
                sum(cpu_secs(steps[f"{job_id}.{step}"]["TotalCPU"]) for step in ("batch", "extern")),
                int(steps[f"{job_id}.batch"]["MaxRSS"]),
            )
            for job_id in steps
            if job_id.isdecimal()
        }

    def assert_close(self, exported: float, accounted: float) -> None:
        self.assertAlmostEqual(exported, accounted, delta=TOLERANCE * accounted)
