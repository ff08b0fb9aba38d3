"""The comparison of both exporters, over whatever they are shown."""

from .comparing import Rules, differences, listed
from .differences import DEBIANS, JITTERING, ONLY_HERE, ONLY_THERE, OWN
from .support import collectors_of_ours, collectors_of_theirs, is_debians, ours, theirs

# What differs by chance, since a node does not stand still, does so not every time.
ROUNDS = 20


class Comparison:
    """Tests for a subclass that is a TestCase too, and that says what both exporters are shown."""

    FLAGS = ()
    FLAGS_OF_THEIRS = ()
    # Beside what is so everywhere.
    OWN = ()
    ONLY_HERE = ()

    @classmethod
    def run_ours(cls, *flags: str):
        """Where the exporters run, and what ours can collect there: a subclass may have another place."""
        return ours(*flags)

    @classmethod
    def run_theirs(cls, *flags: str):
        return theirs(*flags)

    @classmethod
    def collectors_of_ours(cls) -> dict:
        return collectors_of_ours()

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = cls.collectors_of_ours()
        there = collectors_of_theirs()
        # Those that are off by default are compared too, where both have them.
        chosen = [f"--collector.{name}" for name, known in cls.here.items() if name in there and not known.is_default]
        cls.theirs = cls.enterClassContext(cls.run_theirs(*cls.FLAGS, *cls.FLAGS_OF_THEIRS, *chosen))
        cls.ours = cls.enterClassContext(cls.run_ours(*cls.FLAGS, *chosen))
        cls.running = sorted(
            dict(labels)["collector"] for labels in cls.theirs.read().family("node_scrape_collector_success")
        )
        own = [*OWN, *cls.OWN, *(DEBIANS if is_debians() else ())]
        cls.rules = Rules(own, [*ONLY_HERE, *cls.ONLY_HERE], ONLY_THERE, JITTERING)

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
