"""What the live tests share: exporters that run, pages that are read, control groups that measure."""

import contextlib
import os
import pathlib
import re
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[3]
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
OURS = TARGET / os.environ.get("EDCTL_TEST_PROFILE", "debug") / "edctl-exporter-process"
PEER = shutil.which("prometheus-process-exporter")
# Far more than anything here takes: a test that waits this long has failed.
PATIENCE = 60
SERIES = re.compile(r'^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Exporter:
    """A running exporter, ours or process-exporter."""

    def __init__(self, port: int, process: subprocess.Popen):
        self.port = port
        self.process = process

    def page(self) -> str:
        address = f"http://127.0.0.1:{self.port}/metrics"
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def series(self) -> dict:
        """The page's series: (name, labels as sorted pairs) to value."""
        found = {}
        for line in self.page().splitlines():
            matched = SERIES.match(line)
            if matched:
                name, labels, value = matched.groups()
                found[(name, tuple(sorted(LABEL.findall(labels or ""))))] = float(value)
        return found

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
    """A program of this name, which no other process of the machine has."""
    program = pathlib.Path(directory) / name
    subprocess.run(["cc", "-O1", "-o", program, pathlib.Path(__file__).parent / source],
                   check=True)
    return program
