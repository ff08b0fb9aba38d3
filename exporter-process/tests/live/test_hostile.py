"""Names that processes choose to break a page, to forge a series on it or to make it grow without
end."""

import os
import pathlib
import subprocess
import tempfile
import unicodedata
import unittest
from collections import Counter

import support
from support import Page, expect, start

GROUP = "namedprocess_namegroup_"
CONFIG = "[threads]\nenabled = true\n"
FORGED = b'x"} 1\nforged 2\n'
# As a process calls itself: the kernel keeps 15 bytes of it.
NAMES = [
    FORGED,
    b'x"} 1',
    b"\n",
    b"forged 1\nx",
    b"\r\n# EOF\n",
    b"# TYPE forged",
    b"a\\",
    b"\\n",
    b'"',
    b'\\"',
    b'{a="b"}',
    b"{{.Comm}}",
    b"$1",
    b"}{",
    b",",
    b" ",
    b"\t",
    b"\x1b[31mred",
    b"\x7f",
    b"\xff\xfe",
    b"\xfe\xff",
    b"ok\xc3",
    b"\xed\xa0\x80",
    b"\xc2\x85",
    "a\u2028b".encode(),
    "\u202eevil".encode(),
    b"other",
    b"edctl-lookalike",
    b"edctl-lookalike1",
    b"edctl-lookalike2",
]
# As a process was started: all of its arguments.
ARGUMENTS = [
    [b"A" * 100_000],
    ["ö".encode() * 30_000, b"-x"],
    [b"", b"", b""],
    [b"\n" * 5_000],
    [FORGED, b'"', b"\\"],
    [b"\xff/\xfe"],
    [b"/"],
    [b"}}{{.PID}}"],
    [b"$all ${all}"],
]
RULES = """
process_names:
  - name: "{{.ExeFull}}|{{.ExeBase}}|{{.Matches.all}}"
    comm: [edctl-argv]
    cmdline: ['^(?s:(?P<all>.*))$']
  - name: "{{.Comm}}"
    cmdline: ['edctl-names']
"""
LABEL_BYTES = 256
# 100,000 names in all.
CROWD, ROUNDS = 1000, 100
MAX_GROUPS = 200
# A group's series take some 2 kB with names as short as these.
MAX_PAGE_BYTES = (MAX_GROUPS + 1) * 3_000
MAX_GROWTH_BYTES = 4 << 20


def label(name: bytes) -> str:
    """A name as the page must show it."""
    text = "".join("\ufffd" if unicodedata.category(c) == "Cc" else c for c in name.decode(errors="replace"))
    return text.encode()[:LABEL_BYTES].decode(errors="ignore")


def shape(page: Page) -> set:
    """All that is on the page but for who is there and what it does."""
    return {(name, tuple(name for name, _ in labels)) for name, labels in page.series}


def lint(page: Page) -> str:
    """What promtool finds in the page; 3 is for names that are not to its taste."""
    command = ["promtool", "check", "metrics"]
    result = subprocess.run(command, input=page.text.encode(), capture_output=True)
    assert result.returncode in (0, 3), result
    return result.stderr.decode()


@unittest.skipUnless(os.getuid() == 0, "the exporter needs root to see all of a process")
class Hostile(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.directory = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.program = support.compile_tool(self.directory, "edctl-names", "names.c")

    def process(self, name: bytes, arguments=(b"edctl-names",)):
        start(self, arguments, executable=self.program, env={b"COMM": name})

    def exporter(self, config: str = ""):
        rules = self.directory / "rules.yaml"
        rules.write_text(RULES)
        return support.ours(str(self.directory), CONFIG + config, "--config.path", str(rules))

    def check_harmless(self, before: Page, after: Page):
        self.assertEqual(after.types, before.types)
        self.assertEqual(shape(after), shape(before))
        self.assertEqual(lint(after), lint(before))

    def test_names_are_labels_and_nothing_else(self):
        self.process(b"harmless")
        with self.exporter() as ours:
            before = ours.settled(lambda page: page.groups() == {"harmless": 1})
            for name in NAMES:
                self.process(name)
            expected = Counter(label(name[:15]) for name in [b"harmless", *NAMES])
            # Three of them look the same to the kernel, two when they are read as text.
            self.assertEqual((expected["edctl-lookalike"], expected["\ufffd\ufffd"]), (3, 2))
            after = ours.settled(lambda page: sum(page.groups().values()) == expected.total())
        self.assertEqual(after.groups(), expected)
        self.check_harmless(before, after)

    def test_arguments_are_labels_and_nothing_else(self):
        self.process(b"edctl-argv", [b"/bin/harmless"])
        with self.exporter() as ours:
            before = ours.settled(lambda page: len(page.groups()) == 1)
            for arguments in ARGUMENTS:
                self.process(b"edctl-argv", arguments)
            after = ours.settled(lambda page: sum(page.groups().values()) == 1 + len(ARGUMENTS))
        self.assertEqual(
            set(after.groups()),
            {
                "/bin/harmless|harmless|/bin/harmless",
                "A" * LABEL_BYTES,
                "ö" * (LABEL_BYTES // 2),
                # An empty path is Go's `.`.
                "|.|",
                # A replacement character has three bytes.
                "\ufffd" * (LABEL_BYTES // 3),
                label(b"%b|%b|%b" % (FORGED, FORGED, FORGED + b' " \\')),
                label(b"\xff/\xfe|\xfe|\xff/\xfe"),
                "/|/|/",
                "}}{{.PID}}|}}{{.PID}}|}}{{.PID}}",
                "$all ${all}|$all ${all}|$all ${all}",
            },
        )
        self.check_harmless(before, after)

    def test_a_hundred_thousand_names_are_some_groups_and_a_rest(self):
        self.process(b"harmless")
        crowd = start(self, [self.program, str(CROWD)])
        self.addCleanup(support.finish, crowd)
        processes = CROWD + 2
        limits = f"[groups]\nmax = {MAX_GROUPS}\nforget_after_secs = 0\n[details]\nmax_processes = 300\n"
        met = set()
        with self.exporter(limits) as ours:
            before = ours.settled(lambda page: page.groups() == {"harmless": 1, "edctl-names": CROWD + 1})
            for number in range(ROUNDS):
                crowd.stdin.write(b"\n")
                crowd.stdin.flush()
                expect(crowd, b"renamed\n")
                page = ours.read()
                groups = page.groups()
                self.assertEqual(sum(groups.values()), processes)
                self.assertLessEqual(len(groups), MAX_GROUPS + 1)
                # Whose arguments are late on a busy machine is in its parent's group meanwhile.
                rest = groups.get("other", 0) + groups["edctl-names"]
                self.assertGreaterEqual(rest, processes - MAX_GROUPS)
                self.assertLessEqual(len(page.text), MAX_PAGE_BYTES)
                met |= groups.keys()
                if number == ROUNDS // 10:
                    resident_bytes = ours.resident_bytes()
            self.assertLessEqual(ours.resident_bytes(), resident_bytes + MAX_GROWTH_BYTES)
        # A place that is free is another name's.
        self.assertGreater(len(met), 10 * MAX_GROUPS)
        self.check_harmless(before, page)


if __name__ == "__main__":
    unittest.main()
