"""A file system that hangs, as that of a dead file server: the page comes in time with all else, tells
for how long it hangs, and has its size again when it answers."""

import os
import pathlib
import subprocess
import tempfile
import time
import unittest

from support import Page, dead_mount, memory_tree, ours

PAGES = 20
MAX_PAGE_SECONDS = 1
SIZE = "node_filesystem_size_bytes"
ERROR = "node_filesystem_device_error"
STUCK = "edctl_agent_filesystem_stuck_seconds"


@unittest.skipUnless(os.getuid() == 0, "a mount needs root")
@unittest.skipUnless(os.path.exists("/dev/fuse"), "there is no /dev/fuse for a dead mount")
class HangingMount(unittest.TestCase):
    def setUp(self):
        directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        self.place, self.next = directory / "dead", directory / "next"
        self.place.mkdir()
        self.next.mkdir()
        self.mount = dead_mount.DeadMount(self.place)
        self.addCleanup(self.mount.end)
        # What is mounted later is asked later.
        self.run_inside("mount", "-t", "tmpfs", "-o", "size=1M", "next", self.next)
        self.mount.answer()
        self.agent = self.enterContext(ours(through=self.mount.inside()))
        # An agent that waits in the kernel cannot be ended before the server.
        self.addCleanup(self.mount.end)

    def run_inside(self, *command):
        subprocess.run([*self.mount.inside(), *command], check=True)

    def read_in_time(self) -> Page:
        began = time.monotonic()
        page = self.agent.read()
        self.assertLess(time.monotonic() - began, MAX_PAGE_SECONDS)
        return page

    def series_here(self, page: Page, family: str) -> dict:
        """The value of this mount by its `device_error`, or by None where the family has no such label."""
        return {
            dict(labels).get("device_error"): value
            for labels, value in page.family(family).items()
            if ("mountpoint", str(self.place)) in labels
        }

    def sizes_elsewhere(self, page: Page) -> dict:
        return {
            labels: value
            for labels, value in page.family(SIZE).items()
            if ("mountpoint", str(self.place)) not in labels
        }

    def check_answers(self, page: Page):
        self.assertEqual(self.series_here(page, SIZE), {"": memory_tree.BLOCKS * memory_tree.BLOCK_BYTES})
        self.assertEqual(self.series_here(page, ERROR), {"": 0})
        self.assertEqual(self.series_here(page, STUCK), {})

    def check_pages_while_it_hangs(self, elsewhere: dict):
        began = time.monotonic()
        before = 0
        for _ in range(PAGES):
            page = self.read_in_time()
            self.assertEqual(self.series_here(page, ERROR), {"no answer": 1})
            self.assertEqual(self.series_here(page, SIZE), {})
            self.assertEqual(self.sizes_elsewhere(page), elsewhere)
            stuck = self.series_here(page, STUCK)[None]
            self.assertGreater(stuck, before)
            self.assertLess(stuck, time.monotonic() - began)
            before = stuck

    def test_it_delays_no_page_and_comes_back_or_goes(self):
        page = self.agent.read()
        self.check_answers(page)
        elsewhere = self.sizes_elsewhere(page)
        self.assertIn(str(self.next), [dict(labels)["mountpoint"] for labels in elsewhere])

        self.mount.hang()
        self.check_pages_while_it_hangs(elsewhere)
        self.mount.expect_asked()
        # That it takes this word proves that it was not asked again.
        self.mount.answer()
        self.check_answers(self.agent.settled(lambda page: self.series_here(page, SIZE)))

        self.mount.hang()
        self.check_pages_while_it_hangs(elsewhere)
        self.run_inside("umount", "--lazy", self.place)
        page = self.read_in_time()
        for family in (SIZE, ERROR, STUCK):
            self.assertEqual(self.series_here(page, family), {})
        self.assertEqual(self.sizes_elsewhere(page), elsewhere)


if __name__ == "__main__":
    unittest.main()
