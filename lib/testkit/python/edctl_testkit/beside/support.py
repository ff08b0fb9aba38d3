"""The two exporters that are compared, and what each can collect."""

import dataclasses
import json
import re
import subprocess

from ..agent import OURS, ours  # noqa: F401
from ..build import ROOT
from ..exporter import free_port, running
from ..page import Page, shown  # noqa: F401

INSTALL = ROOT / "packaging/install-node-exporter"
FIXTURES = ROOT / "lib/nodemetrics/tests/fixtures"
# The nodes that lie there.
NODES = ("vm", "server", "efa", "arm64")


def of_node(node: str) -> tuple:
    """Shows an exporter this fixture instead of this machine."""
    place = FIXTURES / node
    return (
        f"--path.procfs={place}/proc",
        f"--path.sysfs={place}/sys",
        f"--path.rootfs={place}/rootfs",
        f"--path.udev.data={place}/rootfs/run/udev/data",
    )


def theirs(*flags: str):
    """node_exporter with these flags."""
    port = free_port()
    return running([peer(), "--web.listen-address", f"127.0.0.1:{port}", *flags], port)


def peer() -> str:
    """The node_exporter to compare with: the newest, or Debian's."""
    made = subprocess.run([INSTALL], stdout=subprocess.PIPE, text=True)
    assert made.returncode == 0, "no node_exporter to compare with"
    return made.stdout.strip()


def is_debians() -> bool:
    return peer().endswith("prometheus-node-exporter")


@dataclasses.dataclass
class Known:
    """A collector of ours, as `edctl-agent collectors` tells of it."""

    name: str
    is_default: bool
    families: list


def collectors_of_ours() -> dict:
    """The collectors of our table, by name."""
    return listed_collectors(subprocess.check_output([OURS, "collectors", "-o", "json"]))


def listed_collectors(listing: str | bytes) -> dict:
    """The collectors of a listing that `edctl-agent collectors -o json` printed."""
    return {entry["name"]: Known(entry["name"], entry["default"], entry["families"]) for entry in json.loads(listing)}


def collectors_of_theirs() -> set:
    """Every collector that node_exporter has, on or off."""
    text = subprocess.run([peer(), "--help"], capture_output=True, text=True)
    # A collector has no value and no second dot: --[no-]collector.cpu, or --collector.cpu in 1.5.
    names = re.findall(
        r"^ +--(?:\[no-\])?collector\.(\w+) *$|^ +--(?:\[no-\])?collector\.(\w+)  ",
        text.stdout + text.stderr,
        re.MULTILINE,
    )
    return {alone or described for alone, described in names}
