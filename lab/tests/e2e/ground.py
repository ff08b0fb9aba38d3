"""What this machine looks like from outside: compared before a lab and after it.

Other labs may live on the same machine; what is theirs is left out.
"""

import dataclasses
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from edctl_lab import cgroups
from edctl_lab.mounts import unescape

NAMESPACES = ("cgroup", "ipc", "mnt", "net", "pid", "uts")
FILE_ROOTS = ("/run", "/run/systemd", "/run/netns", "/run/lock", "/var/lib", "/etc/systemd/network")
LAB_FILE_SYSTEMS = ("overlay", "nsfs", "cgroup", "cgroup2")
SETTLE_SECS = 10


@dataclasses.dataclass(frozen=True)
class Ground:
    """One look at the machine."""

    processes: frozenset[str]
    namespaces: frozenset[str]
    mounts: frozenset[str]
    interfaces: frozenset[str]
    cgroups: frozenset[str]
    files: frozenset[str]

    def gained_since(self, before: "Ground") -> dict[str, list[str]]:
        """What is there now and was not there before."""
        gained = {}
        for field in dataclasses.fields(self):
            extra = sorted(getattr(self, field.name) - getattr(before, field.name))
            if extra:
                gained[field.name] = extra
        return gained


def look(name: str, cache: Path) -> Ground:
    """Looks at the machine with the eyes of the lab `name`; others' labs are not seen."""

    def ours(text: str) -> bool:
        return "edctl-" not in text or f"edctl-{name}" in text or str(cache) in text

    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    pids = [pid for pid in pids if ours(read(pid, "cgroup"))]
    return Ground(
        processes=frozenset(f"{pid} {read(pid, 'cmdline')}" for pid in pids if belongs(pid, name)),
        namespaces=frozenset(inode for pid in pids for inode in namespaces_of(pid)),
        mounts=frozenset(filter(ours, lab_like_mounts())),
        interfaces=frozenset(filter(ours, interface_names())),
        cgroups=frozenset(filter(ours, cgroup_paths())),
        files=frozenset(filter(ours, file_paths(cache))),
    )


def wait_same(look_now: Callable[[], Ground], before: Ground) -> dict[str, list[str]]:
    """Gives the kernel its moment to reap; returns what stayed too much."""
    deadline = time.monotonic() + SETTLE_SECS
    while (gained := look_now().gained_since(before)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return gained


def belongs(pid: int, name: str) -> bool:
    """A process of the lab sits in its cgroup, or was started by a command with its name."""
    in_group = f"edctl-{name}" in read(pid, "cgroup")
    return pid != os.getpid() and (in_group or f"EDCTL_LAB_NAME={name}\0" in read(pid, "environ"))


def read(pid: int, file: str) -> str:
    """A file of a process; empty when the process is gone."""
    try:
        return Path(f"/proc/{pid}/{file}").read_text(errors="replace")
    except OSError:
        return ""


def namespaces_of(pid: int) -> list[str]:
    """The process's namespaces by inode."""
    found = []
    for kind in NAMESPACES:
        try:
            found.append(os.readlink(f"/proc/{pid}/ns/{kind}"))
        except OSError:
            continue
    return found


def lab_like_mounts() -> list[str]:
    """Mounts as a lab makes them; a machine may get others meanwhile."""
    return [
        point
        for point, kind in mount_table()
        if kind in LAB_FILE_SYSTEMS or "edctl" in point or Path(point).is_relative_to("/run")
    ]


def mount_table() -> list[tuple[str, str]]:
    """Mount points with their file system types."""
    rows = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [(unescape(row[4]), row[row.index("-") + 1]) for row in rows]


def interface_names() -> list[str]:
    """All interfaces of this network namespace."""
    listing = subprocess.run(["ip", "-json", "link"], capture_output=True, check=True).stdout
    return [link["ifname"] for link in json.loads(listing)]


def cgroup_paths() -> list[str]:
    """All cgroups of all hierarchies."""
    return [directory for mount in cgroups.hierarchies() for directory, _, _ in os.walk(mount)]


def file_paths(cache: Path) -> list[str]:
    """The places where a lab could forget something."""
    found = []
    for root in (*FILE_ROOTS, str(cache)):
        path = Path(root)
        if path.is_dir():
            found += [str(entry) for entry in path.iterdir()]
    return found
