"""A mount that hangs, as that of a dead file server, under a health check: the other checks go on, the fault is the
server's and not the node's, and it is over when the server answers."""

import json
import os
import pathlib
import tempfile
import time
import unittest
import urllib.request

from support import dead_mount, ours

PATIENCE = 60


@unittest.skipUnless(os.getuid() == 0, "a mount needs root")
@unittest.skipUnless(os.path.exists("/dev/fuse"), "there is no /dev/fuse for a dead mount")
class HangingCheck(unittest.TestCase):
    def setUp(self):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        self.place = directory / "dead"
        self.place.mkdir()
        self.mount = dead_mount.DeadMount(self.place)
        self.addCleanup(self.mount.end)
        self.mount.answer()
        expected = directory / "expected.toml"
        expected.write_text(f'[[mount]]\npath = "{self.place}"\n[[space]]\npath = "/tmp"\nmin_free_ratio = 0.0\n')
        config = directory / "agent.toml"
        config.write_text(f'[health]\nperiod_secs = 1\nexpected_file = "{expected}"\n')
        self.agent = self.enterContext(ours(through=self.mount.inside(), config=config))
        # An agent that waits in the kernel cannot be ended before the server.
        self.addCleanup(self.mount.end)

    def verdict(self) -> dict:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.agent.port}/verdict", timeout=PATIENCE) as answer:
            return json.load(answer)

    def check(self, name: str) -> dict:
        return next((one for one in self.verdict().get("checks", []) if one["name"] == name), {"state": "none"})

    def wait_for(self, state: str):
        until = time.monotonic() + PATIENCE
        while self.check("mounts")["state"] != state:
            self.assertLess(time.monotonic(), until, self.verdict())
            time.sleep(0.1)

    def test_the_other_checks_go_on_and_the_fault_is_the_servers(self):
        self.wait_for("pass")
        self.mount.hang()
        self.wait_for("fail")
        mounts = self.check("mounts")
        self.assertEqual((mounts["class"], mounts["code"]), ("infra", "hangs"))
        self.assertRegex(mounts["detail"], r"/dead: no answer for \d+ s$")
        before = self.verdict()["time_usec"]
        time.sleep(5)
        verdict = self.verdict()
        self.assertGreater(verdict["time_usec"], before, "rounds go on")
        self.assertNotEqual(verdict["verdict"], "unfit")
        self.assertEqual(self.check("space")["state"], "pass")
        self.mount.expect_asked()
        self.mount.answer()
        self.wait_for("pass")


if __name__ == "__main__":
    unittest.main()
