"""Runs the host's commands and turns their failures into errors that say why."""

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from .errors import LabError

# Descriptors that every short command inherits. The lab's lock is among them: a command orphaned
# by `kill -9` keeps the lock until it is done, so that `down` never races with it.
inherited_fds: list[int] = []


def run(argv: Sequence[str | Path], stdin: str | None = None) -> str:
    """Runs a short command, returns its stdout; a failure carries its stderr."""
    words = [str(word) for word in argv]
    try:
        done = subprocess.run(
            words,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            pass_fds=inherited_fds,
        )
    except FileNotFoundError as error:
        raise missing_command(words[0]) from error
    if done.returncode != 0:
        why = (done.stderr or done.stdout).strip() or f"exit status {done.returncode}"
        raise LabError(f"'{' '.join(words)}' failed", why)
    return done.stdout


def succeeds(argv: Sequence[str | Path]) -> bool:
    """True when the command exits 0; its output is dropped."""
    try:
        run(argv)
    except LabError:
        return False
    return True


def require_commands(names: Sequence[str]) -> None:
    """Fails early, before anything is changed, when the host lacks a command."""
    for name in names:
        if shutil.which(name) is None:
            raise missing_command(name)


def missing_command(name: str) -> LabError:
    """The error for a command that is not installed."""
    return LabError(
        f"this machine has no '{name}'",
        "the lab is made of Debian's own tools",
        "install the packages listed in packaging/host-packages.txt with apt-get",
    )


def say(text: str) -> None:
    """Progress goes to stderr, so that stdout stays data."""
    print(text, file=sys.stderr, flush=True)
