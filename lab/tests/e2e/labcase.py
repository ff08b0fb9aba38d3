"""A test case that has a lab of its own, and fails when the lab leaves anything behind."""

import json
import os
import signal
import subprocess
import sys
import unittest
from pathlib import Path

from edctl_lab.settings import find_lab

from . import ground

LAB = Path(__file__).resolve().parents[2] / "lab"
NAME = "citest"
COMMAND_TIMEOUT_SECS = 600


class LabCase(unittest.TestCase):
    """Looks at the machine before each test and after it."""

    lab = find_lab(NAME)

    @classmethod
    def setUpClass(cls) -> None:
        """The image outlives a lab, so it is made before anything is compared."""
        subprocess.run([sys.executable, "-B", LAB, "image"], check=True, stdout=subprocess.DEVNULL)

    def setUp(self) -> None:
        self.environment = {**os.environ, "EDCTL_LAB_NAME": NAME}
        self.command("down")
        self.before = self.look()
        self.addCleanup(self.assert_nothing_left)
        self.addCleanup(self.command, "down")

    def look(self) -> ground.Ground:
        return ground.look(NAME, self.lab.cache_dir)

    def assert_nothing_left(self) -> None:
        self.assertEqual(ground.wait_same(self.look, self.before), {})

    def command(self, *words: str, status: int = 0) -> subprocess.CompletedProcess[str]:
        """Runs one lab command and checks its exit code."""
        done = subprocess.run(
            [sys.executable, "-B", LAB, *words],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_SECS,
            check=False,
        )
        self.assertEqual(done.returncode, status, f"lab {' '.join(words)}: {done.stdout}{done.stderr}")
        return done

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Starts a lab command that the test will kill."""
        quiet = subprocess.DEVNULL
        argv = [sys.executable, "-B", str(LAB), *words]
        return subprocess.Popen(argv, env=self.environment, stdin=quiet, stdout=quiet, stderr=quiet)

    def kill_after(self, process: subprocess.Popen[bytes], seconds: float) -> bool:
        """Kills one process and only that one, as the OOM killer would; True if it was alive."""
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        return False

    def status(self) -> dict:
        """`lab status -o json`, whatever its exit code."""
        done = subprocess.run(
            [sys.executable, "-B", LAB, "status", "-o", "json"],
            env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        return json.loads(done.stdout)
