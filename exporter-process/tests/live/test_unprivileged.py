"""Without capabilities the exporter says what is absent; with two it reads all users' processes."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

from support import OURS, compile_tool, free_port, running

USER = "nobody"
READING = "sys_ptrace,+dac_read_search"


@unittest.skipUnless(os.getuid() == 0, "only root can become another user")
class Unprivileged(unittest.TestCase):
    @contextlib.contextmanager
    def page_with(self, capabilities: str):
        """The series of an exporter that runs as another user, beside a process of root and one of
        that user."""
        with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
            os.chmod(directory, 0o755)
            exporter = shutil.copy(OURS, directory)
            tool = compile_tool(directory, "edctl-of-root", "sleeper.c")
            of_user = shutil.copy(tool, pathlib.Path(directory) / "edctl-of-user")
            as_user = ["setpriv", f"--reuid={USER}", "--regid=nogroup", "--clear-groups"]
            for command in [tool], [*as_user, of_user]:
                stack.enter_context(subprocess.Popen(command, stdin=subprocess.PIPE))
            port = free_port()
            rights = [
                f"--inh-caps=-all{capabilities}",
                f"--ambient-caps=-all{capabilities}",
                f"--bounding-set=-all{capabilities}",
            ]
            command = [*as_user, *rights, exporter, "--config", os.devnull, "--web.listen-address", f"127.0.0.1:{port}"]
            with running(command, port) as daemon:
                yield daemon.series()

    def value(self, series: dict, name: str, **labels: str):
        return series.get((name, tuple(sorted(labels.items()))))

    def check_counts(self, series: dict) -> None:
        """What everybody may read is there in any case, and nothing claims records of ends."""
        for group in "edctl-of-root", "edctl-of-user":
            name = "namedprocess_namegroup_num_procs"
            self.assertEqual(self.value(series, name, groupname=group), 1)
        self.assertEqual(self.value(series, "edctl_process_exit_records_state", state="denied"), 1)

    def reads(self, series: dict, group: str):
        return self.value(series, "namedprocess_namegroup_read_bytes_total", groupname=group)

    def test_without_capabilities_others_io_is_absent_and_counted(self):
        with self.page_with("") as series:
            self.check_counts(series)
            self.assertIsNone(self.reads(series, "edctl-of-root"))
            self.assertIsNotNone(self.reads(series, "edctl-of-user"))
            unreadable = "edctl_process_unreadable_processes"
            self.assertGreater(self.value(series, unreadable, file="io"), 0)

    def test_with_the_capabilities_of_the_unit_all_is_read(self):
        with self.page_with(f",+{READING}") as series:
            self.check_counts(series)
            self.assertIsNotNone(self.reads(series, "edctl-of-root"))


if __name__ == "__main__":
    unittest.main()
