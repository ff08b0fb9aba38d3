"""`kill -9` at any point: `down` cleans up all the same, and `up` finishes what was begun."""

import os
import signal
import tempfile
import time
import unittest
from pathlib import Path

from edctl_lab import cgroups

from .labcase import NAME, LabCase

# An `up` with a cached image takes one to some seconds; these moments lie all over it.
KILL_AFTER_SECS = (0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.7, 0.9, 1.2)
DOWN_KILL_AFTER_SECS = (0.1, 0.2, 0.3, 0.45)


class KilledCommands(LabCase):
    def test_down_after_a_killed_up(self) -> None:
        killed = 0
        for seconds in KILL_AFTER_SECS:
            with self.subTest(seconds=seconds):
                killed += self.kill_after(self.start("up"), seconds)
                self.command("down")
                self.assert_nothing_left()
        self.assertGreaterEqual(killed, 4, "the machine was too fast for this test: add earlier moments")

    def test_up_after_a_killed_up(self) -> None:
        for seconds in KILL_AFTER_SECS[1::3]:
            with self.subTest(seconds=seconds):
                self.kill_after(self.start("up"), seconds)
                self.command("up")
                self.assertTrue(self.status()["up"])
                self.command("down")

    def test_down_after_a_killed_down(self) -> None:
        for seconds in DOWN_KILL_AFTER_SECS:
            with self.subTest(seconds=seconds):
                self.command("up")
                self.kill_after(self.start("down"), seconds)
                self.command("down")
                self.assert_nothing_left()

    def test_a_killed_image_build(self) -> None:
        with tempfile.TemporaryDirectory(dir="/var/tmp") as cache:
            self.environment["EDCTL_LAB_CACHE"] = cache
            process = self.start("up")
            deadline = time.monotonic() + 60
            while not list(Path(cache).glob("*.partial-*/usr")) and time.monotonic() < deadline:
                time.sleep(0.1)
            self.assertTrue(self.kill_after(process, 0.5), "the build ended before it could be killed")
            self.assertNotEqual(cgroups.unit(f"edctl-{NAME}", "image").pids(), [])
            self.command("down")
            self.assertEqual(list(Path(cache).glob("*.partial-*")), [])
            self.assert_nothing_left()


class KilledNodes(LabCase):
    def test_up_starts_a_killed_node_again_with_its_disk(self) -> None:
        self.command("up")
        self.command("run", "w1", "--", "touch", "/root/kept")
        [leader] = self.leaders("w1")
        os.kill(leader, signal.SIGKILL)
        self.wait_until_stopped("w1")
        self.command("status", status=3)
        others = self.leaders("ctl", "w2")
        self.command("up")
        self.command("run", "w1", "--", "test", "-e", "/root/kept")
        self.assertEqual(self.leaders("ctl", "w2"), others)

    def test_nodes_outlive_their_supervisors_but_not_down(self) -> None:
        self.command("up")
        for name in ("ctl", "w1", "w2"):
            self.kill_supervisor(name)
        self.command("run", "w1", "--", "systemctl", "is-system-running")
        self.command("down")
        self.assert_nothing_left()

    def test_down_after_a_node_powered_itself_off(self) -> None:
        self.command("up")
        with self.subTest("a command that was running there ends with it"):
            running = self.start("run", "w2", "--", "sleep", "1000")
            self.command("run", "w2", "--", "systemctl", "poweroff", "--no-block")
            self.assertNotEqual(running.wait(60), 0)
        self.wait_until_stopped("w2")
        self.command("down")
        self.assert_nothing_left()

    def kill_supervisor(self, name: str) -> None:
        """Kills systemd-nspawn itself, found by its command line in the node's cgroup."""
        for pid in cgroups.unit(f"edctl-{NAME}", name).pids():
            if Path(f"/proc/{pid}/comm").read_text().strip() == "systemd-nspawn":
                os.kill(pid, signal.SIGKILL)
                return
        self.fail(f"{name} has no systemd-nspawn")

    def wait_until_stopped(self, name: str) -> None:
        deadline = time.monotonic() + 60
        while self.leaders(name) != [None]:
            self.assertLess(time.monotonic(), deadline, f"{name} did not stop")
            time.sleep(0.2)

    def leaders(self, *names: str) -> list[int | None]:
        return [node["leader_pid"] for node in self.status()["nodes"] if node["name"] in names]


if __name__ == "__main__":
    unittest.main()
