"""What is mounted on this machine."""

import re
from pathlib import Path


def mount_points() -> list[str]:
    """Every mount point that this process sees, files included."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [unescape(line.split()[4]) for line in lines]


def unescape(path: str) -> str:
    """The kernel writes spaces and the like as octal numbers."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), path)
