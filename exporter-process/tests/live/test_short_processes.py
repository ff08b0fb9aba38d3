"""Thousands of short processes: how much of the CPU time that their control group measured is in the
right group of ours, of ours without any capability, and of process-exporter's."""

import os
import sys
import tempfile
import threading
import unittest

from support import CpuGroup, compile_tool, ours, peer

SCRAPE_SECONDS = 5
TOOL = "edctl-tool"
YAML = 'process_names:\n  - name: "{{.Comm}}"\n    cmdline: [".+"]\n'
# Both end with the CPU seconds that they used themselves in the file that they are given. Whom nobody
# met is taken for the kin of those that were met; a scan can fall between two tools. So the parent's
# first tool stays, idle, for as long as the longer ones run.
PARENT = """
import os, resource, signal, sys
tool, out, counts = sys.argv[1], sys.argv[2], sys.argv[3:]
idle = os.posix_spawn(tool, [tool], os.environ)
for count, ms in (pair.split("x") for pair in counts):
    for _ in range(int(count)):
        os.waitpid(os.posix_spawn(tool, [tool, ms], os.environ), 0)
    if idle:
        os.kill(idle, signal.SIGKILL)
        os.waitpid(idle, 0)
        idle = None
own = resource.getrusage(resource.RUSAGE_SELF)
open(out, "a").write(f"{own.ru_utime + own.ru_stime}\\n")
"""
SHELL = """
n=0
while [ $n -lt $2 ]; do n=$((n+1)); "$0" "$3"; done
times > "$1.times"
sed -n '1s/m/*60+/g; 1s/s//g; 1s/ /+/p' "$1.times" >> "$1"
"""


class Scraper(threading.Thread):
    """Reads the pages every few seconds, as Prometheus would, until it is told to stop."""

    def __init__(self, exporters):
        super().__init__()
        self.exporters = exporters
        self.done = threading.Event()

    def run(self):
        while not self.done.wait(SCRAPE_SECONDS):
            for exporter in self.exporters:
                exporter.page()

    def __enter__(self):
        self.start()

    def __exit__(self, *_error):
        self.done.set()
        self.join()


@unittest.skipUnless(os.getuid() == 0, "a control group and the kernel's records need root")
class ShortProcesses(unittest.TestCase):
    def check(self, commands) -> float:
        """Runs the commands, and compares what each exporter shows of the tools with what the control
        group measured, less what the tools' parents used themselves. The share without records."""
        with (
            tempfile.TemporaryDirectory() as directory,
            CpuGroup("edctl-short") as group,
            ours(directory) as with_records,
            ours(directory, "[accounting]\nexit_records = false\n") as without,
            peer(directory, YAML) as theirs,
        ):
            tool = compile_tool(directory, TOOL)
            own = f"{directory}/own"
            exporters = {"ours": with_records, "ours without records": without, "process-exporter": theirs}
            with Scraper(exporters.values()):
                for command in commands(tool, own):
                    group.run(command)
            with open(own) as lines:
                used = group.seconds() - sum(eval(line) for line in lines)
            shares = {name: exporter.cpu(TOOL) / used for name, exporter in exporters.items()}
            for name, share in shares.items():
                print(f"\n  {name}: {share:.1%} of {used:.2f} s", end="", file=sys.stderr)
        self.check_share(shares["ours"])
        return shares["ours without records"]

    def check_share(self, share: float):
        """What the records say is exact: a share further off is of another figure of the kernel's."""
        self.assertGreaterEqual(share, 0.99)
        self.assertLessEqual(share, 1.01)

    def test_beside_wait4(self):
        """The kernel tells the parent the same sum by wait4's rusage."""
        with tempfile.TemporaryDirectory() as directory, ours(directory) as exporter:
            tool = compile_tool(directory, TOOL)
            used = 0
            for _ in range(100):
                _, status, usage = os.wait4(os.posix_spawn(tool, [tool, "54"], os.environ), 0)
                self.assertEqual(status, 0)
                used += usage.ru_utime + usage.ru_stime
            share = exporter.cpu(TOOL) / used
            exited = exporter.read().value("edctl_process_group_cpu_seconds_total", groupname=TOOL, source="exited")
        print(f"\n  ours: {share:.2%} of {used:.3f} s, {exited:.3f} s by records", end="", file=sys.stderr)
        self.check_share(share)
        self.assertGreaterEqual(exited, 0.9 * used)

    def test_under_a_parent_that_lives_on(self):
        share = self.check(lambda tool, own: [[sys.executable, "-c", PARENT, tool, own, "250x54", "2000x2"]])
        self.assertGreaterEqual(share, 0.95)
        # The parent's last seconds are in the sum that its own parent has of it.
        self.assertLessEqual(share, 1.05)

    def test_under_a_shell_that_exits(self):
        # Without records a tool of 2 ms is hardly ever met after its exec: its time is there, but may
        # be its shell's.
        share = self.check(
            lambda tool, own: [["sh", "-c", SHELL, tool, own, "250", "54"], ["sh", "-c", SHELL, tool, own, "2000", "2"]]
        )
        self.assertLessEqual(share, 1.05)


if __name__ == "__main__":
    unittest.main()
