"""One binary package: its description read from a folder, its tree staged, its .deb built."""

import gzip
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from .error import PackagingError
from .version import SourceVersion

COMMON = Path(__file__).resolve().parent.parent
DAEMON_SCRIPTS = COMMON / "daemon"
MAINTAINER_SCRIPTS = ("preinst", "postinst", "prerm", "postrm")


class Package:
    """A package as its folder describes it: `control`, `install`, and the files those name."""

    def __init__(self, folder: Path, version: SourceVersion) -> None:
        self.folder = folder
        self.name = folder.name
        self.version = version
        self.architecture = _run(["dpkg", "--print-architecture"])

    def build(self, binaries: Path, out: Path) -> Path:
        """Stage the package in a temporary tree and pack it; returns the .deb's path."""
        deb = out / f"{self.name}_{self.version.debian}_{self.architecture}.deb"
        with tempfile.TemporaryDirectory(prefix="edctl-deb-") as scratch:
            root = Path(scratch) / self.name
            (root / "DEBIAN").mkdir(parents=True)
            programs = self._install(root, binaries)
            for program in programs:
                _add_generated_pages(root, program, binaries)
            self._add_documents(root)
            self._add_control(root, programs)
            _settle_modes_and_times(root, self.version.epoch)
            _run(
                [
                    "env",
                    f"SOURCE_DATE_EPOCH={self.version.epoch}",
                    "dpkg-deb",
                    "--root-owner-group",
                    "-Zxz",
                    "--build",
                    str(root),
                    str(deb),
                ]
            )
        return deb

    def _install(self, root: Path, binaries: Path) -> list[Path]:
        """Copy what `install` lists (`bin NAME DEST` or `file NAME DEST` or `dir DEST`)."""
        programs = []
        for number, line in enumerate((self.folder / "install").read_text().splitlines(), 1):
            match line.partition("#")[0].split():
                case []:
                    pass
                case ["dir", destination]:
                    (root / destination).mkdir(parents=True)
                case ["file", source, destination]:
                    _copy(self.folder / source, root / destination)
                case ["bin", source, destination]:
                    _copy(binaries / source, root / destination)
                    (root / destination).chmod(0o755)
                    programs.append(root / destination)
                case _:
                    raise PackagingError(
                        f"{self.folder / 'install'}:{number}: expected 'bin NAME DEST', "
                        f"'file NAME DEST' or 'dir DEST', found '{line}'"
                    )
        return programs

    def _add_documents(self, root: Path) -> None:
        documents = root / "usr/share/doc" / self.name
        _copy(COMMON / "copyright", documents / "copyright")
        changelog = (COMMON / "changelog").read_bytes()
        _write_compressed(documents / "changelog.Debian.gz", changelog)
        overrides = self.folder / "lintian-overrides"
        if overrides.exists():
            _copy(overrides, root / "usr/share/lintian/overrides" / self.name)

    def _add_control(self, root: Path, programs: list[Path]) -> None:
        meta = root / "DEBIAN"
        values = {
            "@VERSION@": self.version.debian,
            "@ARCHITECTURE@": self.architecture,
            "@SHLIBS@": _shared_libraries(programs),
            "@INSTALLED_SIZE@": str(_size_in_kib(root)),
        }
        (meta / "control").write_text(_fill(self.folder / "control", values))
        conffiles = sorted(p for p in (root / "etc").rglob("*") if p.is_file())
        if conffiles:
            lines = [f"/{p.relative_to(root)}\n" for p in conffiles]
            (meta / "conffiles").write_text("".join(lines))
        if list(root.glob("usr/lib/systemd/system/*.service")):
            for script in MAINTAINER_SCRIPTS:
                if (DAEMON_SCRIPTS / script).exists():
                    text = _fill(DAEMON_SCRIPTS / script, self._daemon_values())
                    (meta / script).write_text(text)
                    (meta / script).chmod(0o755)

    def _daemon_values(self) -> dict[str, str]:
        """A daemon's unit, user, state and configuration are all named after its package."""
        short = self.name.removeprefix("edctl-")
        return {"@PACKAGE@": self.name, "@UNIT@": f"{self.name}.service", "@SHORT@": short}


def _add_generated_pages(root: Path, program: Path, binaries: Path) -> None:
    """The man page and the completions of a program on the PATH."""
    name, section = program.name, {"bin": "1", "sbin": "8"}.get(program.parent.name)
    if section is None:
        return
    _write_compressed(root / f"usr/share/man/man{section}/{name}.{section}.gz", _generate(binaries, name, "man"))
    for shell, path in (
        ("bash", f"bash-completion/completions/{name}"),
        ("zsh", f"zsh/vendor-completions/_{name}"),
        ("fish", f"fish/vendor_completions.d/{name}.fish"),
    ):
        _write(root / "usr/share" / path, _generate(binaries, name, shell))


def _generate(binaries: Path, name: str, what: str) -> bytes:
    """The designers' command prints its own; of the daemons `edctl-pages` (packaging/pages) does."""
    if name == "edctl":
        command = [str(binaries / name), *(["man"] if what == "man" else ["completion", what])]
    else:
        command = [str(binaries / "edctl-pages"), name, what]
    try:
        result = subprocess.run(command, capture_output=True, check=False)
    except OSError as error:
        raise PackagingError(f"cannot run {command[0]}: {error}") from error
    if result.returncode != 0 or not result.stdout:
        raise PackagingError(
            f"'{' '.join(command)}' printed no page: exit code "
            f"{result.returncode}, {result.stderr.decode(errors='replace')}"
        )
    return result.stdout


def _shared_libraries(programs: list[Path]) -> str:
    """The Depends value for the libraries that the programs load."""
    with tempfile.TemporaryDirectory(prefix="edctl-shlibs-") as scratch:
        (Path(scratch) / "debian").mkdir()
        (Path(scratch) / "debian/control").write_text("Source: edctl\n")
        printed = _run(["dpkg-shlibdeps", "-O", *map(str, programs)], cwd=scratch)
    return printed.removeprefix("shlibs:Depends=")


def _fill(template: Path, values: dict[str, str]) -> str:
    text = template.read_text()
    for marker, value in values.items():
        text = text.replace(marker, value)
    return text


def _copy(source: Path, destination: Path) -> None:
    destination.parent.mkdir(parents=True, exist_ok=True)
    try:
        shutil.copyfile(source, destination)
    except OSError as error:
        raise PackagingError(f"cannot put {source} into the package: {error}") from error


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _write_compressed(path: Path, content: bytes) -> None:
    _write(path, gzip.compress(content, compresslevel=9, mtime=0))


def _size_in_kib(root: Path) -> int:
    return sum(-(-p.lstat().st_size // 1024) for p in root.rglob("*") if p.is_file())


def _settle_modes_and_times(root: Path, epoch: int) -> None:
    """Nothing of this machine's umask or clock may reach the package."""
    for path in [root, *root.rglob("*")]:
        executable = path.is_dir() or path.stat().st_mode & 0o100
        path.chmod(0o755 if executable else 0o644)
    for path in [*root.rglob("*"), root]:
        os.utime(path, (epoch, epoch))


def _run(command: list[str], cwd: str | None = None) -> str:
    try:
        result = subprocess.run(command, cwd=cwd, check=True, text=True, capture_output=True)
    except OSError as error:
        raise PackagingError(f"cannot run {command[0]}: {error}; is dpkg-dev installed?") from error
    except subprocess.CalledProcessError as error:
        raise PackagingError(f"{' '.join(command)} failed: {error.stderr.strip()}") from error
    return result.stdout.strip()
