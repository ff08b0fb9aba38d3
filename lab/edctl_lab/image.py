"""The root file system that all nodes share: built by mmdebstrap, cached by its inputs' hash."""

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from . import cgroups, mirrors, shell
from .errors import LabError
from .settings import SOURCE_DIR, Lab

SUITE = "bookworm"
BUILD_UNIT = "image"
NEEDED_MIB = 2900  # the image has 1900, and apt's downloads come before it
PACKAGES_FILE = SOURCE_DIR / "image-packages.txt"
TREE_DIR = SOURCE_DIR / "image"
APT_OPTIONS = ('APT::Install-Recommends "false"', 'Acquire::Retries "3"')
IMAGE_NAME = re.compile(r"[0-9a-f]{16}")
DPKG_OPTIONS = (
    "force-unsafe-io",
    "path-exclude=/usr/share/man/*",
    "path-exclude=/usr/share/locale/*",
)


def read_packages(path: Path) -> list[str]:
    """The words of a package list: one a line, # begins a comment."""
    lines = (line.split("#", 1)[0].strip() for line in path.read_text().splitlines())
    return [line for line in lines if line]


def input_hash() -> str:
    """Names the image: whatever goes into it goes into its name."""
    digest = hashlib.sha256()
    digest.update(repr((SUITE, read_packages(PACKAGES_FILE), APT_OPTIONS, DPKG_OPTIONS)).encode())
    for path in sorted(TREE_DIR.rglob("*")):
        if path.is_file():
            digest.update(f"{path.relative_to(TREE_DIR)} {path.stat().st_mode & 0o111}\n".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def image_dir(lab: Lab, image: str) -> Path:
    """Where the finished image of that hash lies."""
    return lab.cache_dir / image


def ensure(lab: Lab, *, rebuild: bool = False) -> str:
    """Returns the hash of an image that exists; builds it when it does not."""
    image = input_hash()
    if image_dir(lab, image).is_dir() and not rebuild:
        return image
    lab.cache_dir.mkdir(parents=True, exist_ok=True)
    with build_lock(lab):
        if rebuild or not image_dir(lab, image).is_dir():
            build(lab, image)
    return image


@contextlib.contextmanager
def build_lock(lab: Lab) -> Iterator[None]:
    """One build at a time in a cache; the second finds the first one's image."""
    descriptor = os.open(lab.cache_dir, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def build(lab: Lab, image: str) -> None:
    """Runs mmdebstrap in a unit of its own, and gives the result its name when it is whole."""
    shell.require_commands(["mmdebstrap"])
    check_space(lab.cache_dir)
    unit = cgroups.unit(lab.kernel_name, BUILD_UNIT)
    unit.remove()  # a build whose `lab` was killed goes on until somebody ends it
    remove_partial(lab)
    partial = lab.cache_dir / f"{image}.partial-{lab.name}"
    log = lab.cache_dir / f"{image}.log"
    log.unlink(missing_ok=True)
    shell.say(f"image: building {image} (about 1.9 GB, a minute or more; log in {log})")
    started = time.monotonic()
    process = unit.start(cgroups.Start(build_argv(partial), log))
    watch_build(process, log)
    unit.remove()
    if process.returncode != 0:
        shutil.rmtree(partial, ignore_errors=True)
        raise LabError(
            "the image could not be built",
            last_lines(log),
            f"read {log}; does 'apt-get update' work here?",
        )
    finished = image_dir(lab, image)
    shutil.rmtree(finished, ignore_errors=True)
    partial.rename(finished)
    remove_unused(lab, image)
    shell.say(f"image: built in {time.monotonic() - started:.0f} s")


def check_space(where: Path) -> None:
    """Better said now than by a package in the middle of its installation."""
    free_mib = shutil.disk_usage(where).free >> 20
    if free_mib < NEEDED_MIB:
        raise LabError(
            f"too little space for the image in {where}",
            f"{free_mib} MiB are free, and a build needs {NEEDED_MIB} MiB",
            "make room, or set EDCTL_LAB_CACHE to a directory on another disk",
        )


def build_argv(target: Path) -> list[str]:
    """mmdebstrap's command line."""
    apt_options = [*APT_OPTIONS, *mirrors.host_proxy_options()]
    return [
        # A mount namespace of its own: what mmdebstrap mounts goes with it, also when it is killed.
        *("unshare", "--mount", "--propagation", "private", "--"),
        *("mmdebstrap", "--mode=root", "--format=directory", "--variant=minbase"),
        f"--include={','.join(read_packages(PACKAGES_FILE))}",
        *(f"--aptopt={option}" for option in apt_options),
        *(f"--dpkgopt={option}" for option in DPKG_OPTIONS),
        f'--customize-hook={TREE_DIR / "customize"} "$1"',
        *(SUITE, str(target)),
        *mirrors.host_sources(SUITE),
    ]


def watch_build(process: subprocess.Popen[bytes], log: Path) -> None:
    """Repeats mmdebstrap's own progress lines on stderr until it ends."""
    with log.open(errors="replace") as lines:
        while True:
            ended = process.poll() is not None
            for line in lines:
                if line.startswith(("I: ", "E: ", "W: ")):
                    shell.say(f"image: {line[3:].rstrip()}")
            if ended:
                return
            time.sleep(0.5)


def last_lines(path: Path, count: int = 5) -> str:
    """The end of a log, for an error message."""
    return "\n           ".join(path.read_text(errors="replace").splitlines()[-count:])


def remove_partial(lab: Lab) -> None:
    """Removes what a killed build of this lab left; another lab's unfinished build is not ours."""
    for path in lab.cache_dir.glob(f"*.partial-{lab.name}"):
        shutil.rmtree(path)


def remove_unused(lab: Lab, keep: str) -> None:
    """Removes images that no running node is made of: each changed list would leave 1.9 GB."""
    in_use = images_in_use(lab)
    for path in lab.cache_dir.iterdir():
        if IMAGE_NAME.fullmatch(path.name) and path.name != keep and path.name not in in_use:
            shell.say(f"image: removing {path.name}, which no node uses")
            shutil.rmtree(path)
            path.with_name(f"{path.name}.log").unlink(missing_ok=True)


def images_in_use(lab: Lab) -> set[str]:
    """Images below the running nodes of any lab, as their own mount tables say."""
    found = set()
    lower_dir = re.compile(f"lowerdir={re.escape(str(lab.cache_dir))}/([0-9a-f]+)[,:]")
    for table in Path("/proc").glob("[0-9]*/mountinfo"):
        with contextlib.suppress(OSError):  # the process went away while we looked
            found |= set(lower_dir.findall(table.read_text()))
    return found


def remove_cache(lab: Lab) -> None:
    """Removes all cached images."""
    in_use = images_in_use(lab)
    if in_use:
        raise LabError(
            f"the image {', '.join(in_use)} is in use",
            "nodes are made of it",
            "run 'lab down' first, in every lab",
        )
    shutil.rmtree(lab.cache_dir, ignore_errors=True)
