"""Tests of packaging/builder: python3 -m unittest discover packaging/tests"""

import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from builder.error import PackagingError
from builder.package import Package
from builder.version import SourceVersion

CONTROL = """Package: sample
Version: @VERSION@
Architecture: @ARCHITECTURE@
Maintainer: Somebody <nobody@edctl.invalid>
Installed-Size: @INSTALLED_SIZE@
Depends: @SHLIBS@
Description: a sample
"""
VERSION = SourceVersion("1.2-1", 1_700_000_000)


class PackageTest(unittest.TestCase):
    """A folder becomes a .deb, or an error that names what is wrong."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.folder = self.scratch / "sample"
        self.folder.mkdir()
        (self.folder / "control").write_text(CONTROL)
        (self.folder / "sample.toml").write_text("# empty\n")
        self.binaries = self.scratch / "bin"
        self.binaries.mkdir()
        shutil.copy("/bin/true", self.binaries / "helper")

    def build(self, install: str, out: str = "out") -> Path:
        (self.folder / "install").write_text(install)
        (self.scratch / out).mkdir()
        return Package(self.folder, VERSION).build(self.binaries, self.scratch / out)

    def test_puts_files_where_install_says_with_settled_modes(self) -> None:
        (self.folder / "sample.toml").chmod(0o600)
        deb = self.build(
            "bin helper usr/libexec/sample/helper\nfile sample.toml etc/sample.toml # a conffile\ndir etc/sample.d\n"
        )
        listing = dpkg_deb("--contents", deb)
        self.assertRegex(listing, r"-rwxr-xr-x root/root .* \./usr/libexec/sample/helper\n")
        self.assertRegex(listing, r"-rw-r--r-- root/root .* \./etc/sample\.toml\n")
        self.assertRegex(listing, r"drwxr-xr-x root/root .* \./etc/sample\.d/\n")
        self.assertEqual(dpkg_deb("--info", deb, "conffiles"), "/etc/sample.toml\n")
        self.assertIn("libc6", dpkg_deb("--field", deb, "Depends"))
        self.assertEqual(dpkg_deb("--field", deb, "Version"), "1.2-1\n")

    def test_gives_the_same_bytes_again(self) -> None:
        install = "bin helper usr/libexec/sample/helper\n"
        first = self.build(install, "first").read_bytes()
        (self.binaries / "helper").touch()
        self.assertEqual(first, self.build(install, "second").read_bytes())

    def test_names_the_line_of_install_that_it_does_not_understand(self) -> None:
        with self.assertRaisesRegex(PackagingError, r"install:2: expected .* found 'link a b'"):
            self.build("# a comment\nlink a b\n")

    def test_names_the_file_that_is_missing(self) -> None:
        with self.assertRaisesRegex(PackagingError, "bin/absent"):
            self.build("bin absent usr/libexec/sample/absent\n")

    def test_refuses_a_program_on_the_path_without_a_man_page(self) -> None:
        with self.assertRaisesRegex(PackagingError, "cannot run .*/edctl-pages"):
            self.build("bin helper usr/sbin/helper\n")


class SourceVersionTest(unittest.TestCase):
    """The version follows the sources, and the changelog and cargo agree."""

    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.repository = Path(scratch.name)
        self.changelog = self.repository / "changelog"
        self.changelog.write_text(
            "sample (1.2-1) unstable; urgency=medium\n\n  * First.\n\n"
            " -- A <a@edctl.invalid>  Tue, 14 Nov 2023 22:13:20 +0000\n"
        )
        (self.repository / "Cargo.toml").write_text('[package]\nversion = "1.2"\n')

    def version(self) -> SourceVersion:
        return SourceVersion.of(self.repository, self.changelog)

    def git(self, *words: str) -> None:
        clock = {"GIT_AUTHOR_DATE": "@1700000100 +0000", "GIT_COMMITTER_DATE": "@1700000100 +0000"}
        identity = ["-c", "user.name=a", "-c", "user.email=a@edctl.invalid"]
        subprocess.run(
            ["git", "-C", str(self.repository), *identity, *words],
            check=True,
            capture_output=True,
            env={"PATH": "/usr/bin:/bin"} | clock,
        )

    def test_is_the_changelogs_outside_git(self) -> None:
        self.assertEqual(self.version(), SourceVersion("1.2-1", 1_700_000_000))

    def test_is_stamped_with_the_last_commit_and_plain_at_the_release(self) -> None:
        self.git("init", "-q")
        self.git("add", "Cargo.toml")
        self.git("commit", "-qm", "One")
        self.assertEqual(self.version(), SourceVersion("1.2-1+20231114221500", 1_700_000_100))
        self.git("tag", "v1.2")
        self.assertEqual(self.version(), SourceVersion("1.2-1", 1_700_000_000))

    def test_grows_with_an_edit_that_is_not_committed(self) -> None:
        self.git("init", "-q")
        self.git("add", "Cargo.toml")
        self.git("commit", "-qm", "One")
        (self.repository / "Cargo.toml").write_text('[package]\nversion = "1.2"\n# edited\n')
        self.assertGreater(self.version().epoch, 1_700_000_100)

    def test_refuses_a_changelog_that_cargo_does_not_agree_with(self) -> None:
        (self.repository / "Cargo.toml").write_text('[package]\nversion = "1.3"\n')
        with self.assertRaisesRegex(PackagingError, "raise both together"):
            self.version()


def dpkg_deb(action: str, deb: Path, *words: str) -> str:
    return subprocess.run(["dpkg-deb", action, str(deb), *words], check=True, text=True, stdout=subprocess.PIPE).stdout


if __name__ == "__main__":
    unittest.main()
