"""What the agent's live tests have from the kit of all tests."""

import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT / "lib/testkit/python"))

from edctl_testkit import dead_mount, memory_tree  # noqa: E402, F401
from edctl_testkit.agent import HOOK, OURS, ours  # noqa: E402, F401
from edctl_testkit.page import Page  # noqa: E402, F401
