"""The hooks: they run for each job, and whatever is wrong with the agent, jobs run all the same."""

import json

from edctl_cluster.cluster import wait_until
from edctl_cluster.rollout import DESIGNER

from .case import TASK_SPAN, ClusterTest

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
COMMENT = f"edctl/1 run=01J000000000000000000000E2 stage=sim tp=00-{TRACE}-00f067aa0ba902b7-01"
SPOOL = "/var/lib/edctl/agent/spool"
SOCKET = "/run/edctl/agent.sock"
SEVERAL_JOBS = """
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do srun -Q -w w1 -n1 printenv SLURM_JOB_ID || exit; done"""
# Listens where the agent would, takes every connection and never says a word.
SILENT_AGENT = f"""
import os, socket, time
os.makedirs(os.path.dirname({SOCKET!r}), exist_ok=True)
listener = socket.socket(socket.AF_UNIX)
listener.bind({SOCKET!r})
os.chmod({SOCKET!r}, 0o666)
listener.listen(1)
kept = []
while True:
    kept.append(listener.accept())
"""


class Hooks(ClusterTest):
    def test_prolog_task_prolog_and_epilog_run_for_each_job(self) -> None:
        environment = self.srun("env", comment=COMMENT)
        trace = TASK_SPAN.search(environment)
        assert trace is not None, environment
        self.assertEqual(trace[1], TRACE)
        self.assertNotEqual(trace[2], "00f067aa0ba902b7", "the task has a span of its own")
        job_id = int(
            next(line for line in environment.splitlines() if line.startswith("SLURM_JOB_ID=")).partition("=")[2]
        )
        wait_until(
            "three hooks in the journal",
            lambda: self.hooks_in_journal("w1", job_id) >= {"prolog", "task_prolog", "epilog"},
        )

    def test_each_end_of_a_job_is_kept_once_with_its_exit_code(self) -> None:
        expected = {}
        for command, outcome, code in (("true", "completed", "0:0"), ("exit 3", "failed", "3:0")):
            expected[self.sbatch(command, "-w", "w1")] = [(outcome, code)]

        def ended() -> dict:
            told = json.loads(self.cluster.out("w1", ["edctl-agent", "jobs", "-o", "json"]))["ended"]
            found: dict = {}
            for end in told:
                exit_code = f"{end['exit_code']}:{end['signal']}"
                found.setdefault(end["job"]["job_id"], []).append((end["outcome"], exit_code))
            return {job: found.get(job) for job in expected}

        wait_until("both jobs' ends", lambda: ended() == expected)

    def test_a_job_has_a_scratch_directory_that_goes_with_it(self) -> None:
        self.cluster.out("w1", ["install", "-d", "-m", "0711", "/scratch/edctl"])
        self.addCleanup(self.cluster.out, "w1", ["rm", "-r", "/scratch"])
        wrote = self.srun("sh", "-c", 'touch "$EDCTL_SCRATCH/x" && stat -c "%U %a $TMPDIR" "$EDCTL_SCRATCH"')
        self.assertRegex(wrote, r"^designer 700 /scratch/edctl/job_\d+\n$")
        empty = ["find", "/scratch/edctl", "-mindepth", "1"]
        wait_until("the job's directory is gone", lambda: self.cluster.out("w1", empty) == "")

    def test_jobs_run_without_an_agent_and_it_learns_of_them_later(self) -> None:
        self.stop_agent("w1")
        job_id = self.job_through_hooks("w1")
        wait_until("two spooled events", lambda: self.spooled("w1") >= 2)
        self.start_agent("w1")
        self.assert_agent_knows("w1", job_id)
        wait_until("an empty spool", lambda: self.spooled("w1") == 0)

    def test_jobs_run_while_the_agent_hangs(self) -> None:
        self.stop_agent("w1")
        silent = self.cluster.start("w1", ["python3", "-c", SILENT_AGENT])
        try:
            wait_until("a silent socket", lambda: self.cluster.run("w1", ["test", "-S", SOCKET]).code == 0)
            job_id = self.job_through_hooks("w1")
            wait_until("two spooled events", lambda: self.spooled("w1") >= 2)
        finally:
            self.cluster.run("w1", ["pkill", "-9", "-f", "listener.accept"])
            silent.wait(timeout=30)
            self.start_agent("w1")
        self.assert_agent_knows("w1", job_id)

    def test_jobs_run_with_a_full_spool_disk(self) -> None:
        self.stop_agent("w1")
        owner = self.cluster.out("w1", ["stat", "-c", "%u:%g", SPOOL]).strip()
        self.cluster.out("w1", ["mount", "-t", "tmpfs", "-o", "size=64k,mode=0750", "full", SPOOL])
        try:
            self.cluster.out("w1", ["chown", owner, SPOOL])
            self.cluster.run("w1", ["dd", "if=/dev/zero", f"of={SPOOL}/fill", "bs=4k"])
            self.job_through_hooks("w1")
        finally:
            self.cluster.out("w1", ["umount", SPOOL])
            self.start_agent("w1")
        job_id = self.job_through_hooks("w1")
        self.assert_agent_knows("w1", job_id)

    def test_a_frozen_agent_is_started_again_and_jobs_run_meanwhile(self) -> None:
        frozen = self.main_pid("w2")
        self.cluster.out("w2", ["kill", "-STOP", frozen])
        job_id = self.job_through_hooks("w2")
        wait_until("the watchdog's new agent", lambda: self.main_pid("w2") not in ("0", frozen), 120)
        self.assert_agent_knows("w2", job_id)

    def test_jobs_run_while_the_agents_package_is_installed_again(self) -> None:
        agent = self.main_pid("w1")
        jobs = self.cluster.start("ctl", ["sh", "-c", SEVERAL_JOBS], user=DESIGNER)
        self.cluster.out("w1", ["apt-get", "-q", "-y", "install", "--reinstall", "edctl-agent"])
        job_ids, _ = jobs.communicate(timeout=120)
        self.assertEqual(jobs.returncode, 0, job_ids)
        self.assertNotEqual(self.main_pid("w1"), agent, "the new agent runs")
        wait_until(
            "prolog and epilog of every job in the journal",
            lambda: all(self.hooks_in_journal("w1", int(job_id)) >= {"prolog", "epilog"} for job_id in job_ids.split()),
        )

    def main_pid(self, node: str) -> str:
        return self.cluster.out(node, ["systemctl", "show", "-P", "MainPID", "edctl-agent"]).strip()

    def stop_agent(self, node: str) -> None:
        self.addCleanup(self.cluster.out, node, ["systemctl", "start", "edctl-agent"])
        self.cluster.out(node, ["systemctl", "stop", "edctl-agent"])

    def start_agent(self, node: str) -> None:
        self.cluster.out(node, ["systemctl", "start", "edctl-agent"])

    def spooled(self, node: str) -> int:
        listed = self.cluster.out(node, ["find", SPOOL, "-type", "f", "-name", "*.json"])
        return len(listed.splitlines())

    def hooks_in_journal(self, node: str, job_id: int) -> set[str]:
        lines = self.cluster.out(
            node, ["journalctl", "-u", "edctl-agent", "-o", "json", f"JOB_ID={job_id}"]
        ).splitlines()
        return {json.loads(line).get("HOOK", "") for line in lines}

    def assert_agent_knows(self, node: str, job_id: int) -> None:
        def knows() -> bool:
            status = json.loads(self.cluster.out(node, ["sh", "-c", "edctl-agent status -o json || true"]))
            hooks = {event["hook"] for event in status["hooks"] if event["job_id"] == job_id}
            return hooks >= {"prolog", "epilog"}

        wait_until(f"prolog and epilog of job {job_id} in the agent's state", knows)
        self.assertGreaterEqual(self.hooks_in_journal(node, job_id), {"prolog", "epilog"})
