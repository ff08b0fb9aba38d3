"""Every series of node_exporter's on this machine is in ours, and says the same."""

import unittest

from case import Comparison
from comparing import forms
from differences import MISSING


class Live(Comparison, unittest.TestCase):
    def test_only_collectors_that_are_known_to_be_missing_are(self):
        missing = sorted(set(self.running) - set(self.here) - set(MISSING))
        if missing:
            self.fail("".join(f"\n  missing collector {name}" for name in missing))
        families = {family["name"] for known in self.here.values() for family in known.families}
        come = sorted(set(MISSING) & (set(self.here) | families))
        if come:
            self.fail("no longer missing: " + ", ".join(come))

    def test_no_family_of_theirs_has_another_form_here(self):
        mine, others = forms(self.ours.read()), forms(self.theirs.read())
        for family in sorted(mine.keys() & others.keys()):
            if self.rules.compares((family, ())):
                with self.subTest(family=family):
                    self.assertEqual(mine[family], others[family])


if __name__ == "__main__":
    unittest.main()
