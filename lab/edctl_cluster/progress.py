"""Runs the long steps of a rollout: a line each on the terminal, everything they print in a log."""

import subprocess
import sys
import time
from pathlib import Path

TAIL_LINES = 40


class StepFailed(Exception):
    """A step ended with an error; the message says which, and shows the end of its output."""


class Progress:
    """Counts the time since the start and keeps one log file."""

    def __init__(self, log: Path) -> None:
        log.parent.mkdir(parents=True, exist_ok=True)
        self.log = log
        self.log.write_text("")
        self.started = time.monotonic()

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.started

    def note(self, text: str) -> None:
        """A line on the terminal."""
        print(f"[{self.elapsed():4.0f} s] {text}", file=sys.stderr, flush=True)

    def run(
        self, title: str, argv: list[str | Path], cwd: Path | None = None, env: dict[str, str] | None = None
    ) -> None:
        """Runs one command to its end."""
        words = [str(word) for word in argv]
        self.note(f"{title} ...")
        with self.log.open("ab") as log:
            log.write(f"\n=== {title}: {' '.join(words)}\n".encode())
            log.flush()
            begin = log.tell()
            done = subprocess.run(
                words, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False
            )
        if done.returncode != 0:
            raise StepFailed(self._report(title, words, done.returncode, begin))

    def _report(self, title: str, words: list[str], code: int, begin: int) -> str:
        with self.log.open("rb") as log:
            log.seek(begin)
            lines = log.read().decode(errors="replace").splitlines()[-TAIL_LINES:]
        shown = "\n".join(f"  | {line}" for line in lines)
        return f"{title}: '{' '.join(words)}' ended with exit code {code}\n{shown}\n  the whole output: {self.log}"
