"""The disk of the agent's state and of the hooks' spool hangs: pages, hooks and `status` come in time and
say so, and when it wakes nothing is lost."""

import contextlib
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from support import HOOK, OURS, dead_mount, ours

# Nobody may wait for the disk; what a busy machine needs is below this.
MAX_SECONDS = 1
# How much longer than with a healthy disk the best page may take.
PAGE_SECONDS = 0.1
PAGES = 20
# How long a hook gives the spool's disk, and what a busy machine needs besides.
SPOOL_SECONDS = 2 + MAX_SECONDS
# Far more than the end of an agent takes, far less than what systemd gives it.
STOP_SECONDS = 10
PATIENCE = 60


def state_of(process: subprocess.Popen) -> str:
    """The kernel's letter for the process's first thread."""
    return pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()[0]


@unittest.skipUnless(os.getuid() == 0, "a mount needs root")
@unittest.skipUnless(os.path.exists("/dev/fuse"), "there is no /dev/fuse for a dead mount")
class HangingState(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        disk = self.directory / "disk"
        disk.mkdir()
        self.mount = dead_mount.DeadMount(disk)
        self.addCleanup(self.mount.end)
        self.mount.answer()
        self.state = disk / "lib/edctl/agent"
        self.agents = contextlib.ExitStack()
        self.addCleanup(self.agents.close)
        self.agent = None

    def start(self):
        """Starts an agent on the disk."""
        self.agent = self.agents.enter_context(ours(through=self.mount.inside(), state=self.state))
        # What waits in the kernel cannot be ended before the server.
        self.agents.callback(self.mount.end)

    def call(self, context: str, job: int, socket=None) -> subprocess.Popen:
        """Runs the hook as slurmd does, without waiting for its end."""
        environment = {
            "SLURM_SCRIPT_CONTEXT": context,
            "SLURM_JOB_ID": str(job),
            "SLURM_JOB_UID": "2000",
            "SLURM_JOB_USER": "designer",
        }
        command = [*self.mount.inside(), HOOK, "--socket", socket or self.agent.socket, "--spool", self.state / "spool"]
        return subprocess.Popen(
            command, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE
        )

    def hook(self, context: str, job: int) -> str:
        """Runs the hook, which must end with 0 and in time; what it said."""
        began = time.monotonic()
        with self.call(context, job) as hook:
            _, said = hook.communicate(timeout=PATIENCE)
        self.assertEqual(hook.returncode, 0)
        self.assertLess(time.monotonic() - began, MAX_SECONDS)
        return said.decode()

    def show_status(self, *flags: str) -> str:
        began = time.monotonic()
        shown = subprocess.run(
            [OURS, "status", "--socket", self.agent.socket, *flags],
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        self.assertLess(time.monotonic() - began, MAX_SECONDS)
        # The machine that this runs on need not be fit for jobs.
        self.assertIn(shown.returncode, (0, 1, 2), shown.stderr)
        return shown.stdout

    def status(self) -> dict:
        return json.loads(self.show_status("-o", "json"))

    def jobs(self) -> list:
        return [job["job_id"] for job in self.status()["jobs"]]

    def wait_until(self, is_so):
        until = time.monotonic() + PATIENCE
        while not is_so():
            self.assertLess(time.monotonic(), until, "it never came")
            time.sleep(0.05)

    def read_pages(self) -> tuple:
        """Several pages: the last of them, and what the quickest took."""
        took = []
        for _ in range(PAGES):
            began = time.monotonic()
            page = self.agent.read()
            took.append(time.monotonic() - began)
        self.assertLess(max(took), MAX_SECONDS)
        return page, min(took)

    def events(self, page) -> dict:
        return {dict(labels)["hook"]: value for labels, value in page.family("edctl_hook_events_total").items()}

    def test_it_costs_nothing_and_loses_nothing(self):
        self.start()
        for job in range(1, 6):
            self.hook("prolog_slurmd", job)
        page, healthy = self.read_pages()
        self.assertEqual(page.value("edctl_agent_state_unwritten_events"), 0)
        self.assertEqual(page.value("edctl_agent_state_stuck_seconds"), 0)
        self.assertIn("all events on disk", self.show_status())

        self.mount.die()
        for job in range(6, 13):
            self.assertEqual(self.hook("prolog_slurmd", job), "")
        for job in range(1, 4):
            self.assertEqual(self.hook("epilog_slurmd", job), "")
        self.wait_until(lambda: self.status()["state"]["stuck_secs"] > 1)
        page, hanging = self.read_pages()
        self.assertLess(hanging, healthy + PAGE_SECONDS)
        self.assertEqual(self.events(page), {"prolog": 12, "epilog": 3})
        self.assertEqual(page.value("edctl_agent_jobs"), 9)
        self.assertEqual(page.value("edctl_agent_state_unwritten_events"), 10)
        self.assertGreater(page.value("edctl_agent_state_stuck_seconds"), 1)
        status = self.status()
        self.assertEqual(status["state"]["unwritten_events"], 10)
        self.assertEqual([job["job_id"] for job in status["jobs"]], list(range(4, 13)))
        self.assertRegex(self.show_status(), r"the disk has not answered for \d+ s; 10 events wait in memory")

        self.mount.answer()
        self.wait_until(lambda: self.status()["state"]["unwritten_events"] == 0)
        self.agent.process.kill()
        self.agent.process.wait()
        self.start()
        status = self.status()
        self.assertEqual([job["job_id"] for job in status["jobs"]], list(range(4, 13)))
        self.assertEqual([hook["source"] for hook in status["hooks"]], ["socket"] * 15)
        self.assertEqual(status["spool"]["records"], 0)

    def test_a_start_does_not_wait_for_it(self):
        self.start()
        self.hook("prolog_slurmd", 1)
        self.hook("prolog_slurmd", 2)
        self.agent.process.kill()
        self.agent.process.wait()
        self.mount.die()
        self.start()
        self.hook("prolog_slurmd", 3)
        self.hook("epilog_slurmd", 1)
        page, _ = self.read_pages()
        self.assertIsNone(page.value("edctl_agent_jobs"), "nobody knows how many")
        self.assertEqual(page.value("edctl_agent_state_unwritten_events"), 2)
        self.assertFalse(self.status()["state"]["loaded"])
        self.assertIn("what was kept there is not known yet", self.show_status())

        self.mount.answer()
        self.wait_until(lambda: self.status()["state"]["loaded"])
        self.assertEqual(self.jobs(), [2, 3])
        self.wait_until(lambda: self.status()["state"]["unwritten_events"] == 0)

    def test_an_agent_that_is_stopped_leaves_all_but_what_the_kernel_holds(self):
        self.start()
        self.mount.die()
        self.hook("prolog_slurmd", 1)
        began = time.monotonic()
        self.agent.process.terminate()
        # A thread waits in the kernel, which no signal ends: the rest of the process is gone.
        self.wait_until(lambda: state_of(self.agent.process) == "Z")
        self.assertLess(time.monotonic() - began, STOP_SECONDS)
        self.assertFalse(os.path.exists(self.agent.socket))
        self.mount.answer()
        self.assertEqual(self.agent.process.wait(PATIENCE), 0)

    def test_a_hook_without_an_agent_gives_up(self):
        self.start()
        self.mount.die()
        began = time.monotonic()
        hook = self.call("prolog_slurmd", 1, socket=self.directory / "nobody.sock")
        self.addCleanup(hook.stderr.close)
        said = [hook.stderr.readline().decode() for _ in range(2)]
        self.assertIn("the spool's disk has not answered", said[1])
        self.wait_until(lambda: state_of(hook) == "Z")
        self.assertLess(time.monotonic() - began, SPOOL_SECONDS)
        # Its thread waits in the kernel, as above.
        self.mount.answer()
        self.assertEqual(hook.wait(PATIENCE), 0)


if __name__ == "__main__":
    unittest.main()
