"""What the live tests share: exporters that run, pages that are read, control groups that measure."""

import contextlib
import os
import pathlib
import shutil
import subprocess
import unittest

from edctl_testkit import build, exporter, page
from edctl_testkit.build import TARGET  # noqa: F401
from edctl_testkit.dead_mount import DeadMount  # noqa: F401
from edctl_testkit.exporter import PATIENCE, free_port

OURS = build.binary("edctl-exporter-process")
PEER = shutil.which("prometheus-process-exporter")


class Page(page.Page):
    """A page of ours or of process-exporter's."""

    def groups(self) -> dict:
        """The names of all groups that have processes to the numbers of these."""
        return {
            dict(labels)["groupname"]: value
            for (name, labels), value in self.series.items()
            if name == "namedprocess_namegroup_num_procs" and value > 0
        }


class Exporter(exporter.Exporter):
    """A running exporter, ours or process-exporter."""

    PAGE = Page

    def cpu(self, group: str) -> float:
        """CPU seconds of a group, user and system."""
        name = "namedprocess_namegroup_cpu_seconds_total"
        return sum(
            value
            for (family, labels), value in self.series().items()
            if family == name and ("groupname", group) in labels
        )


def running(command: list, port: int):
    """Runs an exporter until the block ends; it answers when the block begins."""
    return exporter.running(command, port, Exporter)


def ours(directory: str, config: str = "", *flags: str):
    """Our exporter with this configuration."""
    port = free_port()
    file = pathlib.Path(directory) / f"ours-{port}.toml"
    file.write_text(config)
    return running(
        [OURS, "--config", file, "--log.format", "text", "--web.listen-address", f"127.0.0.1:{port}", *flags], port
    )


def peer(directory: str, yaml: str, *flags: str):
    """Debian's process-exporter with this configuration."""
    port = free_port()
    file = pathlib.Path(directory) / f"peer-{port}.yaml"
    file.write_text(yaml)
    return running([PEER, "-config.path", file, "-web.listen-address", f"127.0.0.1:{port}", *flags], port)


class CpuGroup:
    """A control group of our own that measures CPU time, under cgroup v1 or v2."""

    def __init__(self, name: str):
        v1 = next(
            (
                path
                for path in map(pathlib.Path, ("/sys/fs/cgroup/cpuacct", "/sys/fs/cgroup/cpu,cpuacct"))
                if path.is_dir()
            ),
            None,
        )
        self.is_v1 = v1 is not None
        self.path = (v1 or pathlib.Path("/sys/fs/cgroup")) / f"{name}-{os.getpid()}"

    def __enter__(self):
        self.path.mkdir()
        return self

    def __exit__(self, *_error):
        self.path.rmdir()

    def run(self, command: list) -> None:
        """Runs a command and all that it starts in the group, to its end."""

        def join():
            (self.path / "cgroup.procs").write_text("0")

        subprocess.run(command, check=True, preexec_fn=join, stdin=subprocess.DEVNULL)

    def seconds(self) -> float:
        if self.is_v1:
            return int((self.path / "cpuacct.usage").read_text()) / 1e9
        lines = (self.path / "cpu.stat").read_text().splitlines()
        return int(dict(line.split() for line in lines)["usage_usec"]) / 1e6


def compile_tool(directory: str, name: str, source: str = "tool.c") -> pathlib.Path:
    """A program of this name, which no other process of the machine has. It shares no memory with
    another one: what is its share does not change with who else is there."""
    program = pathlib.Path(directory) / name
    subprocess.run(
        ["cc", "-O1", "-Wall", "-Werror", "-pthread", "-static", "-o", program, pathlib.Path(__file__).parent / source],
        check=True,
    )
    return program


def start(test: unittest.TestCase, command: list, **options) -> subprocess.Popen:
    """A process that says `ready` and then waits; the test ends it with itself."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, **options)
    test.addCleanup(end, process)
    expect(process, b"ready\n")
    return process


def expect(process: subprocess.Popen, line: bytes) -> None:
    """Waits for the next line that the process says."""
    said = process.stdout.readline()
    assert said == line, f"{process.args}: {said!r} instead of {line!r}"


def end(process: subprocess.Popen) -> None:
    process.kill()
    process.wait()
    process.stdin.close()
    process.stdout.close()


def finish(process: subprocess.Popen) -> None:
    """Ends the process's input, and waits until it has tidied up."""
    process.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=PATIENCE)
