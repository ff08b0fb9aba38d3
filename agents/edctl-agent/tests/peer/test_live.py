"""Every series of node_exporter's on this machine is in ours, and says the same."""

import unittest

from comparing import Rules, differences, forms, listed
from differences import DEBIANS, JITTERING, MISSING, ONLY_HERE, ONLY_THERE, OWN
from support import collectors_of_ours, collectors_of_theirs, is_debians, ours, theirs

# Something that differs by chance, since the node does not stand still, does so not every time.
ROUNDS = 5


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.here = collectors_of_ours()
        there = collectors_of_theirs()
        # Those that are off by default are compared too, where both have them.
        flags = [f"--collector.{name}" for name, known in cls.here.items()
                 if name in there and not known.is_default]
        cls.theirs = cls.enterClassContext(theirs(*flags))
        cls.ours = cls.enterClassContext(ours(*flags))
        own = OWN | (DEBIANS if is_debians() else {})
        cls.rules = Rules(own, ONLY_HERE, ONLY_THERE, JITTERING)
        cls.running = sorted(
            dict(labels)["collector"]
            for labels in cls.theirs.read().family("node_scrape_collector_success"))

    def test_every_collector_says_what_theirs_says(self):
        for name in self.running:
            if name in self.here:
                with self.subTest(collector=name):
                    found = self.lasting_differences(name)
                    if found:
                        self.fail(listed(found))

    def lasting_differences(self, collector: str) -> dict:
        found = self.differences(collector)
        for _ in range(ROUNDS - 1):
            if found:
                again = self.differences(collector)
                found = {series: what for series, what in again.items() if series in found}
        return found

    def differences(self, collector: str) -> dict:
        query = ("collect[]", collector)
        before = self.theirs.read(query)
        mine = self.ours.read(query)
        return differences(before, mine, self.theirs.read(query), self.rules)

    def test_only_collectors_that_are_known_to_be_missing_are(self):
        missing = {name for name in self.running if name not in self.here}
        unknown = "".join(f"\n  missing collector {name}" for name in sorted(missing - set(MISSING)))
        if unknown:
            self.fail(unknown)
        come = sorted(set(MISSING) & set(self.here))
        self.assertFalse(come, f"no longer missing: {', '.join(come)}")

    def test_no_family_of_theirs_has_another_form_here(self):
        mine, others = forms(self.ours.read()), forms(self.theirs.read())
        for family in sorted(mine.keys() & others.keys()):
            if self.rules.compares((family, ())):
                with self.subTest(family=family):
                    self.assertEqual(mine[family], others[family])


if __name__ == "__main__":
    unittest.main()
