"""The Slurm of another Debian release, in a root of its own: our program beside a Slurm that this machine
cannot install."""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import tempfile

from edctl_testkit.build import ROOT

ROOTS = pathlib.Path(os.environ.get("EDCTL_SUITES", "/var/cache/edctl-slurm"))
PACKAGES = ("slurmctld", "slurmd", "slurmdbd", "slurmrestd", "slurm-client", "munge", "mariadb-server", "python3")
# That of security updates has lost some.
MIRROR = "http://deb.debian.org/debian"
# Their own library of MariaDB's will do.
OLDER = ("bullseye",)
# Where things are for who is in there.
SOURCE, TARGET, OUT, LIBRARIES = (pathlib.Path("/srv") / name for name in ("source", "target", "out", "lib"))
# In namespaces of its own: what is mounted goes with them, and no port is another's. Where there is only the
# loopback address, slurmctld finds none to listen at.
ENTER = (
    "ip link set lo up && ip address add 192.0.2.1/32 dev lo || exit; root=$1; shift; "
    'mount --rbind "$root" "$root" || exit; while [ "$1" != -- ]; do mount --rbind "$1" "$root$2" || exit; '
    'shift 2; done; shift; exec chroot "$root" "$@"'
)


def run(suite: str, program: pathlib.Path, command: list, out: pathlib.Path | None = None) -> int:
    """Runs a command within the suite and returns its exit status. It finds this source, the program where
    `edctl_testkit.build` looks for it, and a folder that it may write to. The program must suit the suite's
    C library: build it with RUSTFLAGS="-C target-feature=+crt-static" for one that is older than this machine."""
    root = install(suite)
    mounts = [(ROOT, SOURCE), ("/proc", "/proc"), ("/dev", "/dev"), ("/sys", "/sys")]
    if out:
        out.mkdir(parents=True, exist_ok=True)
        mounts.append((out.resolve(), OUT))
    target = within(root, TARGET / "debug")
    target.mkdir(parents=True, exist_ok=True)
    shutil.copy(program, target)
    for _, place in mounts:
        within(root, place).mkdir(exist_ok=True)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "CARGO_TARGET_DIR": str(TARGET)}
    pairs = [str(part) for pair in mounts for part in pair]
    return subprocess.run(
        [
            "unshare",
            "--mount",
            "--net",
            "sh",
            "-c",
            ENTER,
            "sh",
            root,
            *pairs,
            "--",
            "env",
            "--chdir",
            SOURCE,
            *command,
        ],
        env=environment,
    ).returncode


def within(root: pathlib.Path, path) -> pathlib.Path:
    return root / str(path).lstrip("/")


def install(suite: str) -> pathlib.Path:
    """The suite's root, which is made where it is not there yet."""
    root = ROOTS / suite
    if root.exists():
        return root
    ROOTS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=ROOTS) as place:
        os.chmod(place, 0o755)
        unfinished = pathlib.Path(place) / "root"
        subprocess.run(
            [
                "mmdebstrap",
                "--mode=root",
                "--format=directory",
                "--variant=minbase",
                # A suite that moves is old where the mirror stands still.
                '--aptopt=Acquire::Check-Valid-Until "false"',
                f"--include={','.join(PACKAGES)}",
                "--customize-hook=echo 127.0.0.1 localhost >$1/etc/hosts",
                f"--customize-hook=mkdir $1{LIBRARIES}",
                *([] if suite in OLDER else [f"--customize-hook=copy-in {library(place)} {LIBRARIES}"]),
                suite,
                unfinished,
                MIRROR,
            ],
            check=True,
        )
        unfinished.rename(root)
    return root


def library(place) -> pathlib.Path:
    """This machine's library of MariaDB's: what that of 11.8.9 gives slurmdbd for `select @var := ...` is an
    error."""
    subprocess.run(
        ["apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", "libmariadb3"], cwd=place, check=True
    )
    [package] = pathlib.Path(place).glob("*.deb")
    subprocess.run(["dpkg-deb", "--extract", package, f"{place}/mariadb"], check=True)
    [found] = pathlib.Path(place).glob("mariadb/usr/lib/*/libmariadb.so.3")
    return found
