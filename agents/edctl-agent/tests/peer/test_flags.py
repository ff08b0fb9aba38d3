"""A command line of node_exporter's starts the agent, which says what of it has no effect here."""

import re
import shutil
import subprocess
import unittest

from edctl_testkit.beside.support import OURS, collectors_of_ours, collectors_of_theirs, peer

# Its own help, and Go's.
NOT_FOR_UNITS = {"help", "version"}
# What stands in unit files of distributions and of Ansible's roles.
UNITS = (
    "--web.listen-address=:9100 --web.telemetry-path=/metrics --log.level=info --log.format=logfmt",
    "--web.disable-exporter-metrics --no-collector.wifi --no-collector.hwmon --web.max-requests=10",
    "--path.rootfs=/host --path.procfs=/host/proc --path.sysfs=/host/sys --runtime.gomaxprocs=2 "
    "--collector.filesystem.mount-points-exclude=^/(dev|proc|sys|run)($|/) --log.format json "
    "--collector.filesystem.fs-types-exclude=^(autofs|tmpfs)$ --web.listen-address=[::]:9100",
    "--collector.textfile.directory=/var/lib/node_exporter --collector.textfile "
    "--collector.netclass.ignored-devices=^(veth.*)$ --collector.netdev.device-exclude=^(veth.*)$ "
    "--collector.disable-defaults --collector.cpu --collector.cpu.info --no-collector.arp.netlink",
    "--collector.diskstats.ignored-devices=^(ram|loop)\\d+$ --collector.vmstat.fields=.* "
    "--collector.netdev.device-blacklist=lo --collector.filesystem.ignored-fs-types=tmpfs",
)


def flags_of(exporter: str) -> dict:
    """Each flag's name, with the value that it has by default, or none for a switch."""
    done = subprocess.run([exporter, "--help"], capture_output=True, text=True)
    flags = {}
    for name, is_value, value in re.findall(
        r"^(?:  -\w, | {6})--(?:\[no-\])?([\w.-]+)(=?)(\S*)", done.stdout + done.stderr, re.MULTILINE
    ):
        given = value.strip('"').replace(r"\\", "\\")
        # An upper-case word stands for what has no default.
        flags[name] = None if not is_value else "1" if given.isupper() else given
    return {name: value for name, value in flags.items() if name not in NOT_FOR_UNITS}


def peers() -> set:
    """The newest node_exporter, and Debian's where it is installed."""
    return {peer(), *filter(None, [shutil.which("prometheus-node-exporter")])}


def written(name: str, value: str | None) -> str:
    return f"--{name}" if value is None else f"--{name}={value}"


def check(*flags: str) -> subprocess.CompletedProcess:
    command = [OURS, "--config", "/dev/null", "--check-config", *flags]
    return subprocess.run(command, capture_output=True, text=True)


class Flags(unittest.TestCase):
    def assert_starts(self, *flags: str) -> str:
        """These flags start the agent; gives what it warns of."""
        done = check(*flags)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stderr

    def test_every_flag_of_theirs_is_taken(self):
        for name, value in sorted({flag for exporter in peers() for flag in flags_of(exporter).items()}, key=str):
            with self.subTest(flag=name):
                self.assert_starts(written(name, value))
                if value is None:
                    self.assertEqual(self.assert_starts(f"--no-{name}"), "")

    def test_all_flags_of_theirs_are_taken_at_once(self):
        for exporter in peers():
            flags = flags_of(exporter)
            self.assertGreater(len(flags), 100, exporter)
            self.assert_starts(*(written(name, value) for name, value in flags.items()))

    def test_collectors_that_we_lack_are_named_when_they_are_asked_for(self):
        have = collectors_of_ours()
        for name in collectors_of_theirs() - have.keys():
            with self.subTest(collector=name):
                self.assertIn(f"the collector {name} ", self.assert_starts(f"--collector.{name}"))

    def test_what_stands_in_unit_files_is_taken(self):
        for unit in UNITS:
            with self.subTest(unit=unit):
                self.assertEqual(self.assert_starts(*unit.split()), "")


if __name__ == "__main__":
    unittest.main()
