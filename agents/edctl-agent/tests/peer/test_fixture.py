"""Both exporters over the fixtures of nodes with hardware that no machine of ours has."""

import unittest

from edctl_testkit.beside.case import Comparison
from edctl_testkit.beside.support import FIXTURES, is_debians, of_node


class Fixture(Comparison):
    """Of one node."""

    # By default these ask the kernel, not its files.
    FLAGS_OF_THEIRS = ("--no-collector.arp.netlink", "--no-collector.netdev.netlink")
    # Theirs has it from the kernel only.
    ONLY_HERE = (r"node_network_receive_nohandler_total\{.*",)


@unittest.skipIf(is_debians(), "Debian's node_exporter is too old for these files")
class Server(Fixture, unittest.TestCase):
    TEXTS = FIXTURES / "server/rootfs/var/lib/*/node-exporter"
    FLAGS = (
        *of_node("server"),
        f"--collector.textfile.directory={TEXTS}",
        "--collector.sysctl.include=kernel.pid_max",
        "--collector.sysctl.include=fs.file-nr:total,free,max",
        "--collector.sysctl.include-info=kernel.seccomp.actions_logged",
    )
    # Theirs asks this machine's SELinux, whatever tree it is shown.
    FLAGS_OF_THEIRS = (*Fixture.FLAGS_OF_THEIRS, "--no-collector.selinux")
    # Theirs asks logind itself.
    OWN = (r'node_scrape_collector_success\{collector="logind"\}',)
    # Theirs refuses a text file for one line, ours leaves the line out.
    ONLY_HERE = (
        *Fixture.ONLY_HERE,
        r"node_logind_sessions\{.*",
        r"node_torn\{\}",
        r'node_textfile_mtime_seconds\{.*torn\.prom".*',
    )

    # What the fixture has nothing for, as theirs sees it.
    NOT_THERE = {"logind", "systemd"}

    def test_the_fixture_has_something_for_every_collector(self):
        success = self.theirs.read().family("node_scrape_collector_success")
        failed = {dict(labels)["collector"] for labels, value in success.items() if not value}
        self.assertLessEqual(failed, self.NOT_THERE)


@unittest.skipIf(is_debians(), "Debian's node_exporter is too old for these files")
class Vm(Fixture, unittest.TestCase):
    FLAGS = of_node("vm")


@unittest.skipIf(is_debians(), "Debian's node_exporter is too old for these files")
class Efa(Fixture, unittest.TestCase):
    FLAGS = of_node("efa")


@unittest.skipIf(is_debians(), "Debian's node_exporter is too old for these files")
class Arm64(Fixture, unittest.TestCase):
    FLAGS = of_node("arm64")


if __name__ == "__main__":
    unittest.main()
