"""Tests of the packages' version: python3 -m unittest discover packaging/tests"""

import subprocess
import tempfile
import unittest
from pathlib import Path

from builder.error import PackagingError
from builder.version import SourceVersion


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


if __name__ == "__main__":
    unittest.main()
