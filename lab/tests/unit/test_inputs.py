"""What the lab reads from others: apt's index targets, package lists, sizes, mount tables."""

import argparse
import dataclasses
import tempfile
import unittest
import unittest.mock
from pathlib import Path

from edctl_lab import cli, image, lifecycle, mirrors, mounts, repo
from edctl_lab.errors import LabError
from edctl_lab.settings import Lab, Spec

MAIN = "http://mirror.example/debian/|bookworm|main|Debian"


class Mirrors(unittest.TestCase):
    def test_debians_own_lines_are_taken_once(self) -> None:
        listing = "\n".join(
            [
                MAIN,
                MAIN,
                "http://mirror.example/debian/|bookworm-updates|main|Debian",
                "http://mirror.example/debian-security/|bookworm-security|main|Debian",
            ]
        )
        self.assertEqual(
            mirrors.sources_from_targets(listing, "bookworm"),
            [
                "deb http://mirror.example/debian/ bookworm main",
                "deb http://mirror.example/debian/ bookworm-updates main",
                "deb http://mirror.example/debian-security/ bookworm-security main",
            ],
        )

    def test_strangers_are_left_out(self) -> None:
        for stranger in (
            "http://vendor.example/debian/|bookworm|main|Vendor",
            "http://mirror.example/debian/|bookworm|contrib|Debian",
            "http://mirror.example/debian/|bookworm-backports|main|Debian",
            "http://mirror.example/debian/|trixie|main|Debian",
            "http://vendor.example/deb/|bookworm|main|$(ORIGIN)",
        ):
            with self.subTest(stranger=stranger):
                self.assertEqual(len(mirrors.sources_from_targets(f"{MAIN}\n{stranger}", "bookworm")), 1)

    def test_before_the_first_update_the_address_tells(self) -> None:
        listing = MAIN.replace("|Debian", "|$(ORIGIN)")
        self.assertEqual(len(mirrors.sources_from_targets(listing, "bookworm")), 1)

    def test_a_host_of_another_release_gives_nothing(self) -> None:
        listing = "http://mirror.example/debian-security/|bookworm-security|main|Debian"
        self.assertEqual(mirrors.sources_from_targets(listing, "bookworm"), [])


class Lists(unittest.TestCase):
    def test_comments_and_blank_lines_are_no_packages(self) -> None:
        with tempfile.NamedTemporaryFile("w") as file:
            file.write("# head\n\nmunge\nslurmd # why\n  \n")
            file.flush()
            self.assertEqual(image.read_packages(Path(file.name)), ["munge", "slurmd"])

    def test_every_input_changes_the_hash(self) -> None:
        before = image.input_hash()
        self.assertEqual(before, image.input_hash())
        with (
            tempfile.NamedTemporaryFile("w") as file,
            unittest.mock.patch.object(image, "PACKAGES_FILE", Path(file.name)),
        ):
            self.assertNotEqual(before, image.input_hash())


class Sizes(unittest.TestCase):
    def test_sizes(self) -> None:
        for text, mib in (("4096", 4096), ("512M", 512), ("4G", 4096)):
            self.assertEqual(cli.parse_memory(text), mib)

    def test_what_is_no_size(self) -> None:
        for text in ("", "4g", "4GB", "-1", "1.5G", "G"):
            with self.subTest(text=text):
                self.assertRaises(argparse.ArgumentTypeError, cli.parse_memory, text)

    def test_a_small_machine_gives_half(self) -> None:
        self.assertEqual(lifecycle.default_memory_mib(2000), 1000)
        self.assertEqual(lifecycle.default_memory_mib(64000), 4096)

    def test_impossible_wishes_are_refused(self) -> None:
        lab = Lab("t", Path("/nonexistent"), Path("/nonexistent"))
        for wish in (
            lifecycle.Wish(nodes=1),
            lifecycle.Wish(nodes=65),
            lifecycle.Wish(cpus=0),
            lifecycle.Wish(cpus=100_000),
            lifecycle.Wish(memory_mib=1),
            lifecycle.Wish(memory_mib=1 << 40),
        ):
            with self.subTest(wish=wish):
                self.assertRaises(LabError, lifecycle.new_spec, lab, wish)

    def test_a_living_lab_keeps_its_shape(self) -> None:
        spec = Spec(nodes=3, cpus=2, memory_mib=1024, subnet="10.77.0.0/24", image="abc")
        lifecycle.refuse_changes(spec, lifecycle.Wish())
        lifecycle.refuse_changes(spec, lifecycle.Wish(nodes=3))
        self.assertRaises(LabError, lifecycle.refuse_changes, spec, lifecycle.Wish(nodes=4))


class Files(unittest.TestCase):
    def test_mount_points_are_unescaped(self) -> None:
        self.assertEqual(mounts.unescape(r"/a\040b\134c"), "/a b\\c")

    def test_only_debs_enter_the_repository(self) -> None:
        lab = Lab("t", Path("/nonexistent"), Path("/nonexistent"))
        for path in (Path("/etc/hostname"), Path("/nonexistent/a.deb")):
            with self.subTest(path=path):
                self.assertRaises(LabError, repo.add, lab, [path])


class Ground(unittest.TestCase):
    def test_a_full_disk_is_told_before_the_build(self) -> None:
        with tempfile.TemporaryDirectory() as directory:
            for free_mib, words in ((image.NEEDED_MIB, ""), (100, "100 MiB are free")):
                usage = unittest.mock.Mock(free=free_mib << 20)
                with unittest.mock.patch("shutil.disk_usage", return_value=usage):
                    self.assertIn(words, self.told(Path(directory)))
                    self.assertEqual(self.told(Path(directory)) == "", words == "")

    def test_nodes_of_another_checkouts_image_are_told(self) -> None:
        spec = Spec(nodes=3, cpus=2, memory_mib=1024, subnet="10.77.0.0/24", image="")
        self.assertTrue(lifecycle.is_stale(spec))
        self.assertFalse(lifecycle.is_stale(dataclasses.replace(spec, image=image.input_hash())))

    @staticmethod
    def told(where: Path) -> str:
        try:
            image.check_space(where)
        except LabError as error:
            return str(error)
        return ""


if __name__ == "__main__":
    unittest.main()
