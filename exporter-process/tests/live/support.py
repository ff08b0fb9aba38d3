"""What the live tests share: exporters that run, pages that are read, control groups that measure."""

import contextlib
import dataclasses
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
OURS = TARGET / os.environ.get("EDCTL_TEST_PROFILE", "debug") / "edctl-exporter-process"
PEER = shutil.which("prometheus-process-exporter")
# Far more than anything here takes: a test that waits this long has failed.
PATIENCE = 60
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"'
ANY_LABEL = LABEL.replace("((?:", "(?:(?:").replace("([", "(?:[")
SERIES = re.compile(rf"({NAME})(?:{{({ANY_LABEL}(?:,{ANY_LABEL})*)}})? (\S+)")
COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclasses.dataclass
class Page:
    """A page of metrics: the type of each family, and (name, labels as sorted pairs) to value."""
    text: str
    types: dict = dataclasses.field(default_factory=dict)
    series: dict = dataclasses.field(default_factory=dict)

    def value(self, name: str, **labels):
        """The value of one series; None where there is none."""
        return self.series.get((name, tuple(sorted(labels.items()))))

    def groups(self) -> dict:
        """The names of all groups that have processes to the numbers of these."""
        return {dict(labels)["groupname"]: value for (name, labels), value in self.series.items()
                if name == "namedprocess_namegroup_num_procs" and value > 0}


def parse(text: str) -> Page:
    """Reads a page in the text format; a line that is not of it is an error, and so is a series that
    stands twice or outside of its family."""
    page = Page(text)
    family = None
    for line in text.removesuffix("\n").split("\n"):
        if comment := COMMENT.fullmatch(line):
            kind, family, words = comment.groups()
            if kind == "TYPE":
                assert family not in page.types, f"twice: {line!r}"
                page.types[family] = words
            continue
        matched = SERIES.fullmatch(line)
        assert matched, f"no line of the text format: {line!r}"
        name, labels, value = matched.groups()
        pairs = [(label, unescaped(value)) for label, value in re.findall(LABEL, labels or "")]
        key = (name, tuple(sorted(pairs)))
        assert key not in page.series, f"twice: {line!r}"
        assert family and name.startswith(family), f"not of {family}: {line!r}"
        page.series[key] = float(value)
    return page


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda escape: "\n" if escape[1] == "n" else escape[1], value)


class Exporter:
    """A running exporter, ours or process-exporter."""

    def __init__(self, port: int, process: subprocess.Popen):
        self.port = port
        self.process = process

    def page(self) -> str:
        address = f"http://127.0.0.1:{self.port}/metrics"
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def read(self) -> Page:
        return parse(self.page())

    def series(self) -> dict:
        """The page's series: (name, labels as sorted pairs) to value."""
        return self.read().series

    def settled(self, is_so) -> Page:
        """The first page that is so. What a busy machine gives too late is on a later page."""
        until = time.monotonic() + PATIENCE
        while True:
            page = self.read()
            if is_so(page):
                return page
            assert time.monotonic() < until, f"it never came:\n{page.text}"

    def resident_bytes(self) -> int:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"^VmRSS:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024

    def cpu(self, group: str) -> float:
        """CPU seconds of a group, user and system."""
        name = "namedprocess_namegroup_cpu_seconds_total"
        return sum(value for (family, labels), value in self.series().items()
                   if family == name and ("groupname", group) in labels)


@contextlib.contextmanager
def running(command: list, port: int):
    """Runs an exporter until the block ends; it answers when the block begins."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            exporter = Exporter(port, process)
            until = time.monotonic() + PATIENCE
            while True:
                try:
                    exporter.page()
                    break
                except OSError:
                    if process.poll() is not None or time.monotonic() > until:
                        log.seek(0)
                        raise AssertionError(f"{command}: {log.read().decode()}") from None
                    time.sleep(0.05)
            yield exporter
        finally:
            process.kill()
            process.wait()


def ours(directory: str, config: str = "", *flags: str):
    """Our exporter with this configuration."""
    port = free_port()
    file = pathlib.Path(directory) / f"ours-{port}.toml"
    file.write_text(config)
    return running([OURS, "--config", file, "--log.format", "text",
                    "--web.listen-address", f"127.0.0.1:{port}", *flags], port)


def peer(directory: str, yaml: str, *flags: str):
    """Debian's process-exporter with this configuration."""
    port = free_port()
    file = pathlib.Path(directory) / f"peer-{port}.yaml"
    file.write_text(yaml)
    return running([PEER, "-config.path", file, "-web.listen-address", f"127.0.0.1:{port}",
                    *flags], port)


class CpuGroup:
    """A control group of our own that measures CPU time, under cgroup v1 or v2."""

    def __init__(self, name: str):
        v1 = next((path for path in map(pathlib.Path, ("/sys/fs/cgroup/cpuacct",
                                                       "/sys/fs/cgroup/cpu,cpuacct"))
                   if path.is_dir()), None)
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
    subprocess.run(["cc", "-O1", "-Wall", "-Werror", "-pthread", "-static", "-o", program,
                    pathlib.Path(__file__).parent / source], check=True)
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
