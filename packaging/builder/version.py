"""The version that a checkout's packages get, and the time that they claim to be made at.

A release (HEAD is the changelog's version's tag, nothing changed since) is `0.1.0-1`. Every other
checkout is `0.1.0-1+20261122130059`, stamped with the time of its latest change to what goes into
the packages: apt upgrades to a newer build, and the same sources give the same bytes.
"""

import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from .error import PackagingError

# What the packages are made of: a change elsewhere (a README, Ansible) is no new version.
SOURCES = ["Cargo.toml", "Cargo.lock", "agents", "debian", "exporter-process", "exporter-slurm", "lib", "packaging"]


@dataclass(frozen=True)
class SourceVersion:
    """One version for all packages of a checkout."""

    debian: str
    epoch: int

    @classmethod
    def of(cls, repository: Path, changelog: Path) -> "SourceVersion":
        """Read the changelog's newest entry, and ask git whether this is that release."""
        released = _changelog_field(changelog, "Version")
        _check_agrees_with_cargo(released, repository / "Cargo.toml")
        changed = _latest_change(repository)
        if changed is None or _is_release(repository, released):
            return cls(released, int(_changelog_field(changelog, "Timestamp")))
        stamp = datetime.fromtimestamp(changed, UTC).strftime("%Y%m%d%H%M%S")
        return cls(f"{released}+{stamp}", changed)


def _changelog_field(changelog: Path, field: str) -> str:
    return _output(["dpkg-parsechangelog", "-l", str(changelog), "-S", field], changelog.parent)


def _check_agrees_with_cargo(released: str, manifest: Path) -> None:
    upstream = released.rpartition("-")[0]
    if f'\nversion = "{upstream}"\n' not in manifest.read_text():
        raise PackagingError(
            f"debian/changelog says {upstream}, but {manifest} has another version: raise both together"
        )


def _latest_change(repository: Path) -> int | None:
    """When the sources last changed, committed or not; None outside a git checkout."""
    if not (repository / ".git").exists():
        return None
    git = ["git", "-C", str(repository)]
    committed = _output([*git, "log", "-1", "--format=%ct", "--", *SOURCES], repository)
    listed = _output(
        [*git, "ls-files", "-z", "--modified", "--others", "--exclude-standard", "--", *SOURCES], repository
    )
    edited = (repository / name for name in listed.split("\0") if name)
    return max([int(committed), *(int(p.stat().st_mtime) for p in edited if p.exists())])


def _is_release(repository: Path, released: str) -> bool:
    tag = f"v{released.rpartition('-')[0]}"
    command = ["git", "-C", str(repository), "describe", "--tags", "--dirty", "--always", "--match", tag]
    return _output(command, repository) == tag


def _output(command: list[str], where: Path) -> str:
    try:
        result = subprocess.run(command, cwd=where, check=True, text=True, capture_output=True)
    except OSError as error:
        raise PackagingError(f"cannot run {command[0]}: {error}; is dpkg-dev installed?") from error
    except subprocess.CalledProcessError as error:
        raise PackagingError(f"{' '.join(command)} failed: {error.stderr.strip()}") from error
    return result.stdout.strip()
