"""One command at a time changes a lab."""

import contextlib
import fcntl
import os
from collections.abc import Iterator

from . import shell
from .errors import LabError
from .settings import Lab


@contextlib.contextmanager
def hold(lab: Lab) -> Iterator[None]:
    """Holds the lock on the lab's directory; makes the directory when it is not there.

    The kernel drops the lock with its last holder. Short commands hold it as well (see
    `shell.inherited_fds`), so a killed `lab` unlocks only when its orphans are done.
    """
    descriptor = acquire(lab)
    shell.inherited_fds.append(descriptor)
    try:
        yield
    finally:
        shell.inherited_fds.remove(descriptor)
        os.close(descriptor)


def acquire(lab: Lab) -> int:
    """Locks the directory that stands at the path now: `down` may remove it while we wait."""
    while True:
        make_lab_dir(lab)
        descriptor = os.open(lab.dir, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            shell.say("waiting for another lab command to end")
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if lab.dir.exists() and os.path.samestat(os.fstat(descriptor), lab.dir.stat()):
            return descriptor
        os.close(descriptor)


def make_lab_dir(lab: Lab) -> None:
    """Makes the directory and marks it as ours, because `down` deletes what is in it."""
    lab.dir.mkdir(parents=True, exist_ok=True, mode=0o755)
    if lab.marker_file.exists():
        return
    if any(lab.dir.iterdir()):
        raise LabError(
            f"{lab.dir} holds other things",
            "a lab wants a directory of its own",
            "set EDCTL_LAB_DIR to a new path",
        )
    lab.marker_file.touch()
