"""What differs between a page of ours and two pages of node_exporter, one from before and one from after.

A label without a value is as no label: Prometheus knows no difference.
"""

import re

from .support import Page, shown

# A value that takes another way through floating point may differ in its last digits.
LAST_DIGITS = 1e-9
# How far a gauge may be off that changes by being read: the larger of a share and a number.
JITTER = 0.01
STEPS = 2


class Rules:
    """Where a page may differ: regular expressions for whole series (`name{label="value", ...}`) with
    their reasons."""

    def __init__(self, own=(), only_here=(), only_there=(), jittering=()):
        self.own, self.only_here, self.only_there, self.jittering = (
            re.compile("|".join(patterns) or "(?!)") for patterns in (own, only_here, only_there, jittering)
        )

    def compares(self, series: tuple) -> bool:
        """Whether both exporters are to say the same."""
        return series[0].startswith("node_") and not self.own.fullmatch(shown(series))


def differences(before: Page, ours: Page, after: Page, rules: Rules) -> dict:
    """What differs, as a series and what to say of it."""
    first, mine, last = (comparable(page, rules) for page in (before, ours, after))
    found = {}
    for series in first.keys() & last.keys() - mine.keys():
        is_nothing = first[series] in (0, -1) and rules.only_there.fullmatch(shown(series))
        if not is_nothing:
            found[series] = f"missing, {first[series]:.17g} there"
    for series in mine.keys() - first.keys() - last.keys():
        if not rules.only_here.fullmatch(shown(series)):
            found[series] = f"not there, {mine[series]:.17g} here"
    for series in first.keys() & mine.keys() & last.keys():
        low, high = sorted((first[series], last[series]))
        # Infinity has no slack.
        if mine[series] in (low, high):
            continue
        slack = LAST_DIGITS * abs(high)
        if rules.jittering.fullmatch(shown(series)):
            slack = max(JITTER * abs(high), STEPS)
        if not lies_between(mine[series], low - slack, high + slack):
            found[series] = f"{mine[series]:.17g}, but {low:.17g} to {high:.17g} there"
    for family in {name for name, _ in first.keys() & mine.keys()}:
        if before.types.get(family) != ours.types.get(family):
            found[family, ()] = f"is {ours.types.get(family)}, but {before.types.get(family)} there"
    return found


def comparable(page: Page, rules: Rules) -> dict:
    series = {(name, tuple(pair for pair in labels if pair[1])): value for (name, labels), value in page.series.items()}
    return {key: value for key, value in series.items() if rules.compares(key)}


def lies_between(value: float, low: float, high: float) -> bool:
    if value != value or low != low:
        return value != value and low != low
    return low <= value <= high


def forms(page: Page) -> dict:
    """Each family's type and the names of its labels."""
    names = {}
    for name, labels in page.series:
        names.setdefault(name, set()).update(label for label, value in labels if value)
    return {name: (page.types.get(name), labels) for name, labels in names.items()}


def listed(found: dict) -> str:
    """The differences for a person, one per line."""
    return "".join(f"\n  {shown(series)}: {what}" for series, what in sorted(found.items()))
