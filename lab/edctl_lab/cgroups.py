"""Groups of processes that can be limited, listed and killed as one, whatever they fork.

A unit is one node, the publisher or an image build. Where systemd runs this machine, a unit is a
scope with a delegated cgroup. Elsewhere (cgroup v1 or v2, another PID 1) it is a cgroup of ours in
every hierarchy. Both survive the death of the process that made them, so `down` finds them again.
"""

import contextlib
import dataclasses
import os
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import shell
from .errors import LabError

CGROUP_ROOT = Path("/sys/fs/cgroup")
CONTROLLERS_V2 = ("cpu", "memory", "pids", "cpuset", "io")
CPU_PERIOD_USEC = 100_000
KILL_TIMEOUT_SECS = 30


@dataclasses.dataclass(frozen=True)
class Limits:
    """What a unit may use; None leaves it unlimited."""

    cpus: int | None = None
    memory_mib: int | None = None


@dataclasses.dataclass(frozen=True)
class Start:
    """How a unit's first process starts."""

    argv: Sequence[str | Path]
    log: Path
    limits: Limits = Limits()


class DirectUnit:
    """A cgroup of our own in every mounted hierarchy."""

    def __init__(self, group: str, name: str) -> None:
        self.paths = [mount / group / name for mount in hierarchies()]

    def start(self, start: Start) -> subprocess.Popen[bytes]:
        for path in self.paths:
            make_group(path)
            limit_group(path, start.limits)

        def join() -> None:
            for path in self.paths:
                (path / "cgroup.procs").write_text(str(os.getpid()))

        return spawn(start.argv, start.log, join)

    def pids(self) -> list[int]:
        return sorted({pid for path in self.paths for pid in group_pids(path)})

    def remove(self) -> None:
        """Kills every process, then removes the cgroups, and their parent after the last one."""
        kill_all(self.pids)
        for path in self.paths:
            remove_group(path)
            with contextlib.suppress(OSError):
                path.parent.rmdir()


class ScopeUnit:
    """A systemd scope with a delegated cgroup."""

    def __init__(self, group: str, name: str) -> None:
        self.scope = f"{group}-{name}.scope"

    def start(self, start: Start) -> subprocess.Popen[bytes]:
        properties = ["Delegate=yes", "TasksMax=infinity"]
        if start.limits.cpus is not None:
            properties.append(f"CPUQuota={100 * start.limits.cpus}%")
        if start.limits.memory_mib is not None:
            properties.append(f"MemoryMax={start.limits.memory_mib}M")
        options = [word for item in properties for word in ("-p", item)]
        wrapper = [
            "systemd-run",
            "--scope",
            "--quiet",
            "--collect",
            f"--unit={self.scope}",
            *options,
            "--",
        ]
        return spawn([*wrapper, *start.argv], start.log, None)

    def pids(self) -> list[int]:
        relative = shell.run(["systemctl", "show", "-p", "ControlGroup", "--value", self.scope]).strip()
        if not relative:
            return []
        unified = (CGROUP_ROOT / "cgroup.controllers").exists()
        root = CGROUP_ROOT if unified else CGROUP_ROOT / "systemd"
        return group_pids(root / relative.lstrip("/"))

    def remove(self) -> None:
        kill_all(self.pids)
        if shell.succeeds(["systemctl", "is-active", self.scope]):
            shell.run(["systemctl", "stop", self.scope])
        shell.succeeds(["systemctl", "reset-failed", self.scope])


Unit = DirectUnit | ScopeUnit


def unit(group: str, name: str) -> Unit:
    """The unit of that name, running or not."""
    return ScopeUnit(group, name) if systemd_rules() else DirectUnit(group, name)


def systemd_rules() -> bool:
    """True when systemd is this machine's PID 1."""
    return Path("/run/systemd/system").is_dir()


def leftover_units(group: str) -> list[str]:
    """Names of all units of a group that still exist, also those nobody remembers."""
    if systemd_rules():
        pattern = f"{group}-*.scope"
        listed = shell.run(["systemctl", "list-units", "--all", "--plain", "--no-legend", pattern])
        scopes = [line.split()[0] for line in listed.splitlines() if line.strip()]
        return [scope.removeprefix(f"{group}-").removesuffix(".scope") for scope in scopes]
    names = {
        entry.name
        for mount in hierarchies()
        if (mount / group).is_dir()
        for entry in (mount / group).iterdir()
        if entry.is_dir()
    }
    return sorted(names)


def remove_group_root(group: str) -> None:
    """Removes the cgroup that held the units, also one that nobody used yet."""
    if not systemd_rules():
        for mount in hierarchies():
            remove_group(mount / group)


def join_cgroups_of(pid: int) -> None:
    """Moves this process beside `pid`, so that what it runs is counted and killed with the node."""
    mounts = {mount_key(mount): mount for mount in hierarchies()}
    for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
        _, key, path = line.split(":", 2)
        mount = mounts.get(key.removeprefix("name="))
        if mount is not None:
            (mount / path.lstrip("/") / "cgroup.procs").write_text(str(os.getpid()))


def hierarchies() -> list[Path]:
    """Mount points of all cgroup hierarchies of this machine."""
    found = []
    for line in Path("/proc/self/mounts").read_text().splitlines():
        _, mount_point, kind, *_ = line.split()
        if kind in ("cgroup", "cgroup2") and Path(mount_point).is_relative_to(CGROUP_ROOT):
            found.append(Path(mount_point))
    if not found:
        raise LabError(f"no cgroup hierarchy is mounted below {CGROUP_ROOT}", "", "mount cgroup v1 or v2 there")
    return found


def mount_key(mount: Path) -> str:
    """How /proc/PID/cgroup names a hierarchy: its controllers, or nothing for v2."""
    return "" if (mount / "cgroup.controllers").exists() else mount.name


def make_group(path: Path) -> None:
    """Makes a cgroup whose parents hand their controllers down to it."""
    parent = path.parent
    if not parent.is_dir():
        make_group(parent)
    if (parent / "cgroup.controllers").exists():
        for controller in CONTROLLERS_V2:
            with contextlib.suppress(OSError):  # absent controllers are simply not offered
                (parent / "cgroup.subtree_control").write_text(f"+{controller}")
    path.mkdir(exist_ok=True)
    for name in ("cpuset.cpus", "cpuset.mems"):  # v1: empty until told, and nothing may join before
        file = path / name
        if not (parent / "cgroup.controllers").exists() and file.exists() and not file.read_text().strip():
            file.write_text((parent / name).read_text())


def limit_group(path: Path, limits: Limits) -> None:
    """Writes the limits into those files that this hierarchy has."""
    if limits.cpus is not None:
        quota = limits.cpus * CPU_PERIOD_USEC
        write_if_present(path / "cpu.cfs_quota_us", str(quota))
        write_if_present(path / "cpu.max", f"{quota} {CPU_PERIOD_USEC}")
    if limits.memory_mib is not None:
        limit_bytes = str(limits.memory_mib << 20)
        write_if_present(path / "memory.limit_in_bytes", limit_bytes)
        write_if_present(path / "memory.max", limit_bytes)


def write_if_present(path: Path, text: str) -> None:
    """Writes a control file, if this kernel has it."""
    if path.exists():
        path.write_text(text)


def group_pids(path: Path) -> list[int]:
    """Every process in a cgroup and below it."""
    pids = []
    for directory, _, files in os.walk(path):
        if "cgroup.procs" in files:
            with contextlib.suppress(OSError):  # the group went away while we looked
                pids += [int(pid) for pid in Path(directory, "cgroup.procs").read_text().split()]
    return sorted(set(pids))


def remove_group(path: Path) -> None:
    """Removes a cgroup and all below it; the kernel may need a moment after the last exit."""
    deadline = time.monotonic() + KILL_TIMEOUT_SECS
    while path.is_dir():
        for directory, _, _ in os.walk(path, topdown=False):
            with contextlib.suppress(OSError):
                os.rmdir(directory)
        if path.is_dir():
            if time.monotonic() > deadline:
                raise LabError(f"the cgroup {path} cannot be removed", f"processes: {group_pids(path)}")
            time.sleep(0.05)


def kill_all(list_pids: Callable[[], list[int]]) -> None:
    """Kills until nothing is left: a process may fork while we list."""
    deadline = time.monotonic() + KILL_TIMEOUT_SECS
    while pids := list_pids():
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if time.monotonic() > deadline:
            raise LabError(f"processes {pids} do not die", "they may hang in the kernel (state D)")
        time.sleep(0.02)


def spawn(argv: Sequence[str | Path], log: Path, before_exec: Callable[[], None] | None) -> subprocess.Popen[bytes]:
    """Starts a process that outlives this one."""
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=before_exec,  # noqa: PLW1509  the lab has one thread
        )
