"""The demo's last screen over clusters that are well, ill and half started."""

import unittest

from edctl_cluster.cluster import NoAnswer, wait_until
from edctl_cluster.screen import TARGETS, render

PASSED = {
    "name": "sim",
    "state": "passed",
    "summary": "45/45 sub-tests",
    "log": "/l",
    "job_id": 7,
    "node": "w1",
    "started_unix_ms": 1_000,
    "ended_unix_ms": 9_600,
}
REFUSED = {"name": "synth", "state": "error", "summary": "no such partition", "log": "/l"}


class PlayedCluster:
    """Answers as a cluster would."""

    def __init__(self, states: dict[str, str], up: list[str], stage: dict) -> None:
        self.states, self.up, self.stage = states, up, stage

    def node_states(self) -> dict[str, str]:
        return self.states

    def query(self, _: str) -> list[dict]:
        return [
            {"metric": {"job": "edctl-agent", "instance": f"n{number}"}, "value": [0, value]}
            for number, value in enumerate(self.up)
        ]

    def edctl_json(self, *_: str) -> dict:
        return {"stages": [self.stage]}

    def prometheus(self) -> str:
        return "http://127.0.0.1:39090"


class Screen(unittest.TestCase):
    def test_a_cluster_that_is_well(self) -> None:
        cluster = PlayedCluster({"ctl": "idle", "w1": "mixed"}, ["1"] * TARGETS, PASSED)
        screen, wrong = render(cluster, ["R1"])
        self.assertEqual(wrong, [])
        for words in (
            "2 of 2 idle or mixed",
            "10 of 10 targets up",
            "passed 45/45",
            "job 7 on w1, 8.6 s, run R1",
            "http://127.0.0.1:39090/targets",
        ):
            self.assertIn(words, screen)
        self.assertLessEqual(max(map(len, screen.splitlines())), 100)

    def test_what_is_wrong_is_shown_and_named(self) -> None:
        cluster = PlayedCluster({"ctl": "idle", "w2": "drained"}, ["1", "0"], REFUSED)
        screen, wrong = render(cluster, ["R1"])
        self.assertIn("1 of 2 idle", screen)
        self.assertIn("1 of 10 targets", screen)
        self.assertIn("it never ran", screen)
        self.assertEqual(len(wrong), 3)
        for words, problem in zip(("w2", "edctl-agent on n1", "synth: error"), wrong, strict=True):
            self.assertIn(words, problem)


class Waiting(unittest.TestCase):
    def test_a_service_that_starts_is_asked_again(self) -> None:
        answers = [NoAnswer("not yet"), False, True]

        def condition() -> bool:
            answer = answers.pop(0)
            if isinstance(answer, Exception):
                raise answer
            return answer

        wait_until("the service", condition)
        self.assertEqual(answers, [])

    def test_the_limit_says_what_was_missing_and_why(self) -> None:
        def condition() -> bool:
            raise NoAnswer("connection refused")

        with self.assertRaisesRegex(AssertionError, "the service; connection refused"):
            wait_until("the service", condition, limit_secs=0)
