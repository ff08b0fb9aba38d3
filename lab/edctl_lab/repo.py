"""The local package repository that every node sees at /srv/edctl/apt.

A flat repository for `deb [trusted=yes] file:/srv/edctl/apt ./`. The index is written here:
dpkg-deb says what is in a package, and nothing else is needed.
"""

import hashlib
import shutil
from pathlib import Path

from . import shell
from .errors import LabError
from .settings import Lab, write_atomically


def add(lab: Lab, packages: list[Path]) -> list[str]:
    """Copies packages in; another version of the same package leaves. Returns what is there now."""
    for package in packages:
        if package.suffix != ".deb" or not package.is_file():
            raise LabError(f"{package} is no .deb file", "", "build the packages with 'make deb'")
        name, architecture = field(package, "Package"), field(package, "Architecture")
        for old in lab.apt_dir.glob(f"{name}_*_{architecture}.deb"):
            if old.name != package.name:
                old.unlink()
        fresh = lab.apt_dir / f".{package.name}.new"
        shutil.copyfile(package, fresh)
        fresh.chmod(0o644)
        fresh.rename(lab.apt_dir / package.name)
    return write_index(lab)


def write_index(lab: Lab) -> list[str]:
    """Writes Packages, then Release, from the files that are there."""
    files = sorted(lab.apt_dir.glob("*.deb"))
    index = "\n".join(stanza(file) for file in files)
    write_atomically(lab.apt_dir / "Packages", index)
    digest = hashlib.sha256(index.encode()).hexdigest()
    release = f"Origin: edctl\nLabel: edctl lab\nSHA256:\n {digest} {len(index.encode())} Packages\n"
    write_atomically(lab.apt_dir / "Release", release)
    return [file.name for file in files]


def stanza(file: Path) -> str:
    """One package's paragraph of the index."""
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    control = shell.run(["dpkg-deb", "--field", file]).rstrip("\n")
    return f"{control}\nFilename: ./{file.name}\nSize: {file.stat().st_size}\nSHA256: {digest}\n"


def field(file: Path, name: str) -> str:
    """One field of a package's control data."""
    return shell.run(["dpkg-deb", "--field", file, name]).strip()
