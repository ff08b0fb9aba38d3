"""A command line of node_exporter's starts the agent, or the agent says what of it cannot be had."""

import re
import subprocess
import unittest

from support import OURS, collectors_of_ours, peer

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


def flags_of_theirs() -> dict:
    """Each flag's name, with the value that it has by default, or none for a switch."""
    done = subprocess.run([peer(), "--help"], capture_output=True, text=True)
    flags = {}
    for switch, name, value in re.findall(
            r"^(?:  -\w, | {6})--(\[no-\])?([\w.-]+)(?:=(\S*))?", done.stdout + done.stderr, re.MULTILINE):
        given = value.strip('"').replace(r"\\", "\\")
        # An upper-case word stands for what has no default.
        flags[name] = None if switch else "1" if given.isupper() else given
    return flags


def check(*flags: str) -> subprocess.CompletedProcess:
    command = [OURS, "--config", "/dev/null", "--check-config", *flags]
    return subprocess.run(command, capture_output=True, text=True)


class Flags(unittest.TestCase):
    def test_every_flag_of_a_collector_that_we_have_is_taken_or_refused_with_a_reason(self):
        ours = {*collectors_of_ours(), "powersupply", "netclass_rtnl"}
        for name, value in flags_of_theirs().items():
            room, *rest = name.split(".")
            if name in NOT_FOR_UNITS or room == "collector" and rest[0] not in {*ours, "disable-defaults"}:
                continue
            with self.subTest(flag=name):
                done = check(f"--{name}" if value is None else f"--{name}={value}")
                if done.returncode:
                    self.assertIn("cannot be had here: ", done.stderr)
                if value is None and rest[0] != "disable-defaults":
                    self.assertEqual(check(f"--no-{name}").returncode, 0, "its negation")

    def test_what_stands_in_unit_files_is_taken(self):
        have = collectors_of_ours()
        for unit in UNITS:
            flags = [flag for flag in unit.split()
                     if not (known := re.fullmatch(r"--no-collector\.(\w+)", flag)) or known[1] in have]
            with self.subTest(unit=unit):
                done = check(*flags)
                self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
