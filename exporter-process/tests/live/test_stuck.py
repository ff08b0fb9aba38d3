"""A process that is stuck on a dead file server, so that a read of its cmdline or smaps_rollup never
comes back: it delays no page and takes no figure from another process."""

import os
import pathlib
import subprocess
import tempfile
import time
import unittest

import support
from support import DeadMount, Exporter, Page

RULES = """
process_names:
  - name: servers
    cmdline: ['dead_mount\\.py']
  - name: "run:{{.Matches.run}}"
    cmdline: ['edctl-stuck \\S+ run=(?P<run>\\S+)']
  - name: "sim:{{.Matches.design}}"
    cmdline: ['edctl-sim .*design=(?P<design>\\S+)']
"""
# A process's memory is asked for once, so that only what is stuck is waited for again.
CONFIG = "[details]\nsmaps_interval_secs = 3600\n"
PAGES = 20
# A scan waits no longer than 0.2 s for all such files.
MAX_PAGE_SECONDS = 2
MEMORY = "namedprocess_namegroup_memory_bytes"


class StuckProgram(DeadMount):
    """A program that is stuck on a file whose server does not answer, until it is let go."""

    def __init__(self, test: unittest.TestCase, file: pathlib.Path, command: list):
        file.touch()
        super().__init__(file, *command)
        test.addCleanup(self.end)
        self.pid = int(self.server.stdout.readline())
        self.expect_asked()

    def blocks(self, file: str) -> bool:
        """Whether a plain read of this file of the program does not come back."""
        try:
            subprocess.run(["cat", f"/proc/{self.pid}/{file}"], check=True, timeout=1, stdout=subprocess.DEVNULL)
            return False
        except subprocess.TimeoutExpired:
            return True

    def await_block(self, file: str) -> None:
        """Waits until a plain read of this file does not come back: the program gets there soon."""
        until = time.monotonic() + support.PATIENCE
        while not self.blocks(file):
            assert time.monotonic() < until, f"{file} can be read"


@unittest.skipUnless(os.getuid() == 0, "a mount needs root")
@unittest.skipUnless(os.path.exists("/dev/fuse"), "there is no /dev/fuse for a dead mount")
class Stuck(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.sim = support.compile_tool(self.directory, "edctl-sim", "shape.c")

    def start_sim(self, design: str):
        support.start(self, [self.sim, "files=2", f"design={design}", "gate"])

    def read(self, exporter: Exporter) -> Page:
        began = time.monotonic()
        page = exporter.read()
        self.assertLess(time.monotonic() - began, MAX_PAGE_SECONDS)
        return page

    def check_whole(self, page: Page, group: str):
        self.assertEqual(page.groups().get(group), 1)
        self.assertEqual(page.value("namedprocess_namegroup_open_filedesc", groupname=group), 7)
        self.assertTrue(has_memory(page, group))

    def check_stuck(self, page: Page):
        self.assertEqual(page.value("edctl_process_stuck_processes"), 1)
        # No rule can take it without its command line: it is in its parent's group.
        self.assertEqual(page.groups()["servers"], 2)
        self.assertNotIn("run:7", page.groups())
        # What is not known of one process is not known of its group.
        self.assertFalse(has_memory(page, "servers"))

    def test_it_delays_no_page_and_spoils_no_other_group(self):
        stuck = support.compile_tool(self.directory, "edctl-stuck", "stuck.c")
        file = self.directory / "dead"
        mount = StuckProgram(self, file, [stuck, file, "run=7"])
        for name in ("cmdline", "smaps_rollup"):
            mount.await_block(name)
        self.start_sim("first")
        rules = self.directory / "rules.yaml"
        rules.write_text(RULES)
        with support.ours(self.directory, CONFIG, "--config.path", str(rules)) as ours:
            for design in ("first", "second"):
                # One was there before the exporter, the other one comes while it waits.
                if design == "second":
                    self.start_sim(design)
                ours.settled(
                    lambda page: has_memory(page, f"sim:{design}") and page.value("edctl_process_stuck_processes") == 1
                )
                for _ in range(PAGES):
                    page = self.read(ours)
                    self.check_stuck(page)
                    self.check_whole(page, "sim:first")
                    self.check_whole(page, f"sim:{design}")
            self.assertTrue(mount.blocks("cmdline"))
            mount.answer()
            # On a busy machine another process's memory may take its time in this very page.
            page = ours.settled(
                lambda page: has_memory(page, "run:7") and page.value("edctl_process_stuck_processes") == 0
            )
            self.assertEqual(page.groups(), {"servers": 1, "run:7": 1, "sim:first": 1, "sim:second": 1})


def has_memory(page: Page, group: str) -> bool:
    """Whether the page says how much memory the group has in proportion; each has some."""
    return bool(page.value(MEMORY, groupname=group, memtype="proportionalResident"))


if __name__ == "__main__":
    unittest.main()
