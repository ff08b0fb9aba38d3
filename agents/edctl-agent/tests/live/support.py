"""What the agent's live tests have from the kit of all tests."""

from edctl_testkit import dead_mount, memory_tree  # noqa: F401
from edctl_testkit.agent import HOOK, OURS, ours  # noqa: F401
from edctl_testkit.page import Page  # noqa: F401
