"""Exporters that run while a test needs them, and their pages."""

from __future__ import annotations

import contextlib
import ctypes
import os
import pathlib
import re
import socket
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request

from .page import Page

# Far more than anything here takes: a test that waits this long has failed.
PATIENCE = 60
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Exporter:
    """A running exporter, ours or a peer. What runs on another node is no process of ours."""

    PAGE = Page

    def __init__(self, port: int, process: subprocess.Popen | None = None, host: str = "127.0.0.1"):
        self.port = port
        self.process = process
        self.host = host

    def page(self, *query: tuple) -> str:
        """The page's text; the query is pairs of a name and a value."""
        address = f"http://{self.host}:{self.port}/metrics"
        if query:
            address += "?" + urllib.parse.urlencode(query)
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            return answer.read().decode()

    def read(self, *query: tuple) -> Page:
        return self.PAGE.parse(self.page(*query))

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

    def cpu_seconds(self) -> float:
        """What it has used since its start, its ended threads included, to the nanosecond."""
        clock = ctypes.c_int()
        failed = ctypes.CDLL(None).clock_getcpuclockid(self.process.pid, ctypes.byref(clock))
        assert not failed, os.strerror(failed)
        return time.clock_gettime(clock.value)

    def children_cpu_seconds(self) -> float:
        """What its children have used that have ended."""
        stat = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text()
        fields = stat.rsplit(")", 1)[1].split()
        return (int(fields[13]) + int(fields[14])) / TICKS

    def resident_bytes(self) -> int:
        return self._status_bytes("VmRSS")

    def peak_resident_bytes(self) -> int:
        """The most that was resident at any time."""
        return self._status_bytes("VmHWM")

    def _status_bytes(self, name: str) -> int:
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"^{name}:\s+(\d+) kB$", status, re.MULTILINE)[1]) * 1024


@contextlib.contextmanager
def running(command: list, port: int, kind: type = Exporter):
    """Runs an exporter until the block ends; it answers when the block begins."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            exporter = kind(port, process)
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
