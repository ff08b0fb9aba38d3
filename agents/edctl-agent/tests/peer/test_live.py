"""Every series of node_exporter's on this machine is in ours, and says the same."""

import unittest

from edctl_testkit.beside.case import Comparison
from edctl_testkit.beside.comparing import forms


class Live(Comparison, unittest.TestCase):
    def test_no_collector_of_theirs_is_missing(self):
        missing = sorted(set(self.running) - set(self.here))
        if missing:
            self.fail("".join(f"\n  missing collector {name}" for name in missing))

    def test_no_family_of_theirs_has_another_form_here(self):
        mine, others = forms(self.ours.read()), forms(self.theirs.read())
        for family in sorted(mine.keys() & others.keys()):
            if self.rules.compares((family, ())):
                with self.subTest(family=family):
                    self.assertEqual(mine[family], others[family])


if __name__ == "__main__":
    unittest.main()
