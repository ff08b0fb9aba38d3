"""What public dashboards and rules ask for is served, on this machine or over the fixtures of others."""

import pathlib
import unittest

from edctl_testkit.beside.comparing import forms
from edctl_testkit.beside.support import NODES, collectors_of_ours, of_node, ours

# What asks a service that not every machine has; the table says what they would show.
ASKED = {"systemd"}
NEEDED = pathlib.Path(__file__).parent / "dashboards.tsv"


def read_needed() -> dict:
    """Each family with its collector and the labels that queries use."""
    needed = {}
    for line in NEEDED.read_text().splitlines():
        if line and not line.startswith("#"):
            family, collector, labels = line.split("\t")
            _, known = needed.setdefault(family, (collector, set()))
            known.update(filter(None, labels.split(",")))
    return needed


def served(*flags: str) -> dict:
    """The families of ours with their labels, all collectors running."""
    every = [f"--collector.{name}" for name in collectors_of_ours()]
    with ours(*flags, *every) as exporter:
        return {family: labels for family, (_, labels) in forms(exporter.read()).items()}


class Dashboards(unittest.TestCase):
    def test_every_family_is_served_with_its_labels(self):
        pages = [served(), *(served(*of_node(node)) for node in NODES)]
        told = {
            family["name"]: set(family["labels"])
            for name, known in collectors_of_ours().items()
            if name in ASKED
            for family in known.families
        }
        for family, (collector, labels) in read_needed().items():
            with self.subTest(family=family, collector=collector):
                found = [page[family] for page in (*pages, told) if family in page]
                self.assertTrue(found, "is not served")
                self.assertTrue(any(labels <= names for names in found), f"{labels} of {found}")


if __name__ == "__main__":
    unittest.main()
