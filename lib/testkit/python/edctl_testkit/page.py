"""Reading a page of metrics in the text format, strictly."""

import dataclasses
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_]\w*)="((?:[^"\\\n]|\\[\\"n])*)"'
ANY_LABEL = LABEL.replace("((?:", "(?:(?:").replace("([", "(?:[")
SERIES = re.compile(rf"({NAME})(?:{{({ANY_LABEL}(?:,{ANY_LABEL})*)}})? (\S+)")
COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")


@dataclasses.dataclass
class Page:
    """A page of metrics: the type of each family, and (name, labels as sorted pairs) to value."""

    text: str
    types: dict = dataclasses.field(default_factory=dict)
    series: dict = dataclasses.field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Page":
        """Reads a page; a line that is not of the format is an error, and so is a series that stands
        twice or outside of its family."""
        page = cls(text)
        family = None
        for line in text.removesuffix("\n").split("\n"):
            if comment := COMMENT.fullmatch(line):
                kind, family, words = comment.groups()
                if kind == "TYPE":
                    assert family not in page.types, f"twice: {line!r}"
                    page.types[family] = words
                continue
            matched = SERIES.fullmatch(line)
            assert matched, f"no line of the text format: {line!r}"
            name, labels, value = matched.groups()
            pairs = [(label, unescaped(value)) for label, value in re.findall(LABEL, labels or "")]
            key = (name, tuple(sorted(pairs)))
            assert key not in page.series, f"twice: {line!r}"
            assert family and name.startswith(family), f"not of {family}: {line!r}"
            page.series[key] = float(value)
        return page

    def value(self, name: str, **labels):
        """The value of one series; None where there is none."""
        return self.series.get((name, tuple(sorted(labels.items()))))

    def family(self, name: str) -> dict:
        """The series of one name: labels as sorted pairs to value."""
        return {labels: value for (other, labels), value in self.series.items() if other == name}


def unescaped(value: str) -> str:
    return re.sub(r"\\(.)", lambda escape: "\n" if escape[1] == "n" else escape[1], value)


def shown(series: tuple) -> str:
    """A series as the page writes it, without its value."""
    name, labels = series
    return name + "{" + ", ".join(f'{label}="{value}"' for label, value in labels) + "}"
