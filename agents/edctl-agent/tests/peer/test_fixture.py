"""Both exporters over the fixture of a server with hardware that no machine of ours has."""

import unittest

from case import Comparison
from support import OF_SERVER, is_debians


@unittest.skipIf(is_debians(), "Debian's node_exporter is too old for these files")
class Server(Comparison, unittest.TestCase):
    FLAGS = (*OF_SERVER, f"--collector.textfile.directory={SERVER}/rootfs/var/lib/*/node-exporter")
    # By default these ask the kernel, not its files.
    FLAGS_OF_THEIRS = ("--no-collector.arp.netlink", "--no-collector.netdev.netlink")
    # Theirs has it from the kernel only.
    ONLY_HERE = (r"node_network_receive_nohandler_total\{.*",)

    # What the fixture has nothing for.
    NOT_THERE = {"logind", "selinux"}

    def test_the_fixture_has_something_for_every_collector(self):
        success = self.theirs.read().family("node_scrape_collector_success")
        failed = {dict(labels)["collector"] for labels, value in success.items() if not value}
        self.assertLessEqual(failed, self.NOT_THERE)


if __name__ == "__main__":
    unittest.main()
