"""Names, addresses and the record of a lab."""

import os
import tempfile
import unittest
from pathlib import Path
from unittest import mock

from edctl_lab.errors import LabError
from edctl_lab.settings import Lab, Spec, find_lab, write_atomically

SPEC = Spec(nodes=3, cpus=2, memory_mib=1024, subnet="10.77.0.0/24", image="abc")


class Names(unittest.TestCase):
    def find(self, name: str | None, **environment: str) -> Lab:
        with mock.patch.dict(os.environ, environment, clear=True):
            return find_lab(name)

    def test_the_default_lab(self) -> None:
        lab = self.find(None)
        self.assertEqual((lab.name, str(lab.dir)), ("lab", "/var/lib/edctl-lab"))
        self.assertEqual(lab.default_subnet(), "10.77.0.0/24")

    def test_another_name_gets_other_places(self) -> None:
        lab = self.find("dev")
        self.assertEqual((lab.kernel_name, str(lab.dir)), ("edctl-dev", "/var/lib/edctl-dev"))
        self.assertNotEqual(lab.default_subnet(), "10.77.0.0/24")

    def test_the_command_line_wins_over_the_environment(self) -> None:
        self.assertEqual(self.find("dev", EDCTL_LAB_NAME="env").name, "dev")
        self.assertEqual(self.find(None, EDCTL_LAB_NAME="env").name, "env")

    def test_a_name_that_no_interface_could_have(self) -> None:
        for name in ("1lab", "Lab", "lab-2", "ninechars", "a/b", "lab\n"):
            with self.subTest(name=name):
                self.assertRaises(LabError, self.find, name)

    def test_kernel_name_fits_an_interface(self) -> None:
        self.assertLessEqual(len(self.find("eightchr").kernel_name), 15)


class Nodes(unittest.TestCase):
    def test_ctl_comes_first(self) -> None:
        nodes = [(node.name, node.address) for node in SPEC.node_list()]
        self.assertEqual(nodes, [("ctl", "10.77.0.10"), ("w1", "10.77.0.11"), ("w2", "10.77.0.12")])
        self.assertEqual(SPEC.host_address(), "10.77.0.1")

    def test_an_unknown_node_names_the_known_ones(self) -> None:
        with self.assertRaises(LabError) as caught:
            SPEC.node("w3")
        self.assertIn("ctl, w1, w2", str(caught.exception))


class Record(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.lab = Lab("t", Path(scratch.name), Path(scratch.name) / "cache")

    def test_round_trip(self) -> None:
        self.assertIsNone(self.lab.load_spec())
        self.lab.save_spec(SPEC)
        self.assertEqual(self.lab.load_spec(), SPEC)

    def test_a_damaged_record_is_an_error_with_advice(self) -> None:
        for text in ("", "{", "[]", '{"nodes": 3}', '{"unknown": 1}'):
            with self.subTest(text=text):
                self.lab.spec_file.write_text(text)
                with self.assertRaises(LabError) as caught:
                    self.lab.load_spec()
                self.assertIn("lab down", str(caught.exception))

    def test_an_atomic_write_replaces_what_a_crash_left(self) -> None:
        target = self.lab.dir / "file"
        target.with_name(".file.new").write_text("half")
        write_atomically(target, "whole", 0o600)
        self.assertEqual(target.read_text(), "whole")
        self.assertEqual(target.stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
