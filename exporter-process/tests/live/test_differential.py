"""process-exporter and ours beside each other: the same file of rules, the same processes, and each of
its series is in ours with a value between two of its readings."""

import math
import os
import pathlib
import shutil
import signal
import tempfile
import time
import unittest

import support
from support import Page, expect, start

RULES = """
process_names:
  - comm: [edctl-solo, edctl-late]
  - name: "crowd:{{{{.Comm}}}}"
    comm: [edctl-crowd, edctl-spare]
  - name: "{{{{.Username}}}}/{{{{.ExeBase}}}}"
    exe: [edctl-guest]
  - name: "{{{{.ExeFull}}}}"
    exe: ["{directory}/edctl-writer"]
  - name: "sim:{{{{.Matches.design}}}}"
    cmdline: ['edctl-sim\\S* .*design=(?P<design>[^ /]+)']
  - name: parents
    comm: [edctl-parent]
  - name: stopped
    comm: [edctl-halt]
  - name: zombies
    comm: [edctl-zombie]
"""
CONFIG = "[threads]\nenabled = true\n[details]\nsmaps_interval_secs = 1\n"
PREFIX = "namedprocess_"
GROUP = "namedprocess_namegroup_"
STATES = GROUP + "states"
WCHAN = GROUP + "threads_wchan"
# Sums of seconds as floating point numbers.
ROUNDING = 1e-6


def exception(page: Page, name: str, group: str) -> str:
    """Why ours may show another value here; empty where it may not."""
    if name == "namedprocess_scrape_partial_errors":
        return "theirs counts each process without IO or memory, a zombie for one; ours the boot time"
    if name in (STATES, WCHAN):
        if page.value(GROUP + "num_threads", groupname=group) > page.value(GROUP + "num_procs", groupname=group):
            return "theirs counts threads, the main one twice; ours counts processes"
        if group.endswith("/edctl-writer"):
            return "it is in another state and elsewhere in the kernel each time"
    return ""


def slack(page: Page, name: str, group: str) -> float:
    """How much more ours may show."""
    if name == GROUP + "oldest_start_time_seconds":
        # Theirs cuts the time to whole seconds.
        return 1
    if page.types[name] == "counter" and group == "edctl-late":
        # Theirs counts from its first sight of a process, ours from the process's start.
        return math.inf
    return ROUNDING


@unittest.skipUnless(os.getuid() == 0, "IO and open files of other users' processes need root")
@unittest.skipUnless(support.PEER, "the package prometheus-process-exporter is not installed")
class Differential(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = self.enterContext(tempfile.TemporaryDirectory())
        # Another user must get at the programs.
        os.chmod(self.directory, 0o755)
        # A file that is written to a disk and not to memory.
        self.disk = self.enterContext(tempfile.TemporaryDirectory(dir=support.TARGET))
        self.shape = support.compile_tool(self.directory, "shape", "shape.c")

    def process(self, name: str, *words: str, before=()):
        program = pathlib.Path(self.directory) / name
        if not program.exists():
            shutil.copy(self.shape, program)
        # Before the gate it does once what it does behind it: it needs no more memory then.
        return start(self, [*before, program, "burn=1", *words])

    def processes(self) -> list:
        """Processes that stand still until their standard input is closed."""
        halted = self.process("edctl-halt", "gate")
        halted.send_signal(signal.SIGSTOP)
        os.waitpid(halted.pid, os.WUNTRACED)
        guest = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        return [
            self.process("edctl-solo", "files=7", "gate", "burn=300", "done"),
            self.process("edctl-crowd", "thread=pool-a", "thread=pool-a", "thread=pool-b", "gate", "burn=20", "done"),
            self.process("edctl-crowd", "thread=pool-a", "gate", "burn=20", "done"),
            self.process("edctl-spare", "gate", "done"),
            self.process("edctl-guest", "gate", "burn=20", "done", before=guest),
            self.process("edctl-writer", "gate", "done", f"write={self.disk}/file"),
            self.process("edctl-sim", "design=picorv32", "gate", "burn=30", "done"),
            self.process(
                "edctl-parent",
                "child=edctl-helper",
                "child=edctl-helper",
                "zombie=edctl-zombie",
                "zombie=edctl-unnamed",
                "gate",
                "done",
            ),
        ]

    def test_ours_is_between_two_readings_of_theirs(self):
        processes = self.processes()
        rules = RULES.format(directory=self.directory)
        file = pathlib.Path(self.directory) / "rules.yaml"
        file.write_text(rules)
        with (
            support.ours(self.directory, CONFIG, "--config.path", str(file)) as ours,
            support.peer(self.directory, rules) as theirs,
        ):
            # Both have met the processes, none of which has moved: they count from the same figures.
            for exporter in (ours, theirs):
                exporter.settled(lambda page: page.groups() == self.groups())
            read_again_at = time.monotonic() + 1.1
            for process in processes:
                process.stdin.close()
            for process in processes:
                expect(process, b"done\n")
            late = self.process("edctl-late", "gate", "burn=50", "done")
            late.stdin.close()
            expect(late, b"done\n")
            # Ours asks a process for its proportional memory no more than once a second.
            time.sleep(max(0, read_again_at - time.monotonic()))
            ours.settled(lambda page: "edctl-late" in page.groups())
            before, page, after = theirs.read(), ours.read(), theirs.read()
        self.check_what_is_known(page)
        self.check_series(before, page, after)

    def groups(self) -> dict:
        """The groups of all processes."""
        return {
            "edctl-solo": 1,
            "crowd:edctl-crowd": 2,
            "crowd:edctl-spare": 1,
            "nobody/edctl-guest": 1,
            f"{self.directory}/edctl-writer": 1,
            "sim:picorv32": 1,
            "parents": 4,
            "stopped": 1,
            "zombies": 1,
        }

    def check_what_is_known(self, page: Page):
        writer = f"{self.directory}/edctl-writer"
        self.assertEqual(page.groups(), self.groups() | {"edctl-late": 1})
        for group in page.groups():
            processes = sum(
                value
                for (name, labels), value in page.series.items()
                if name == STATES and ("groupname", group) in labels
            )
            self.assertEqual(processes, page.groups()[group], group)
        for group, state, processes in [
            ("stopped", "Other", 1),
            ("zombies", "Zombie", 1),
            ("parents", "Zombie", 1),
            ("parents", "Sleeping", 3),
        ]:
            self.assertEqual(page.value(STATES, groupname=group, state=state), processes)
        crowd = {"groupname": "crowd:edctl-crowd"}
        self.assertEqual(page.value(GROUP + "num_threads", **crowd), 6)
        self.assertEqual(page.value(GROUP + "thread_count", threadname="pool-a", **crowd), 3)
        for name in ("read_bytes_total", "write_bytes_total"):
            self.assertGreater(page.value(GROUP + name, groupname=writer), 0)
        cpu = {
            group: sum(
                page.value(GROUP + "cpu_seconds_total", groupname=group, mode=mode) for mode in ("user", "system")
            )
            for group in ("edctl-solo", "edctl-late")
        }
        # In ticks of 10 ms, and what is under way in none.
        self.assertGreaterEqual(cpu["edctl-solo"], 0.27)
        self.assertGreaterEqual(cpu["edctl-late"], 0.03)

    def check_series(self, before: Page, page: Page, after: Page):
        names = [name for name in before.types if name.startswith(PREFIX)]
        self.assertGreaterEqual(len(names), 22)
        for name in names:
            self.assertEqual(page.types.get(name), before.types[name], name)
        wrong = []
        theirs = before.series.keys() | after.series.keys()
        for name, labels in sorted(theirs | page.series.keys()):
            if not name.startswith(PREFIX):
                continue
            group = dict(labels).get("groupname", "")
            key = (name, labels)
            low, value, high = (of.series.get(key) for of in (before, page, after))
            if exception(page, name, group):
                continue
            if (
                value is None
                or low is None
                or high is None
                or not min(low, high) - ROUNDING <= value <= max(low, high) + slack(page, name, group)
            ):
                wrong.append((name, dict(labels), f"{low} <= {value} <= {high}"))
        self.assertEqual(wrong, [])


if __name__ == "__main__":
    unittest.main()
