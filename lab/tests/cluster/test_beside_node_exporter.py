"""The agent as a node runs it, in its sandbox, says what node_exporter says there without one."""

import contextlib
import shutil
import unittest

from edctl_cluster.cluster import wait_until
from edctl_testkit.beside.case import Comparison
from edctl_testkit.beside.support import is_debians, listed_collectors, peer
from edctl_testkit.exporter import Exporter

from .case import ClusterTest

NODE = "w1"
# Where no service of the cluster listens.
PORT, PEERS_PORT = 9820, 9821
OURS = "edctl-agent-beside"
THEIRS = "node-exporter-beside"
LOGIND = "logind-beside"
# What two agents on a node cannot share.
SETTINGS = """[Service]
ExecStart=
ExecStart={command}
StateDirectory=
RuntimeDirectory=
RuntimeDirectory={name}
"""
READ_ONLY = "import os, sys\nfor place in sys.argv[1:]: print(os.statvfs(place).f_flag & os.ST_RDONLY)"
# These have nothing to tell where a sandbox forbids netlink or D-Bus; others then read files. Not timex:
# systemd-nspawn forbids adjtimex(2) to all of a node, whatever our unit allows.
ASKING = ("network_route", "qdisc", "tcpstat", "systemd", "logind")


class NodeWithLogind(ClusterTest):
    """The image masks logind's unit; what that would run has something to tell."""

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(cls.copy_of_unit(NODE, "systemd-logind", LOGIND))


@unittest.skipIf(is_debians(), "Debian's node_exporter tells of other units and text files")
class BesideNodeExporter(Comparison, NodeWithLogind):
    def test_the_sandbox_lets_the_agent_ask_the_kernel_and_systemd(self) -> None:
        success = self.ours.read().family("node_scrape_collector_success")
        told = {dict(labels)["collector"]: value for labels, value in success.items()}
        self.assertEqual({name: told.get(name) for name in ASKING}, dict.fromkeys(ASKING, 1))

    def test_what_is_read_only_is_what_the_kernel_says_of_each_place(self) -> None:
        told = {
            dict(labels)["mountpoint"]: int(value)
            for labels, value in self.ours.read().family("node_filesystem_readonly").items()
        }
        asked = self.cluster.out(NODE, ["python3", "-c", READ_ONLY, *told])
        self.assertEqual(told, dict(zip(told, map(int, asked.split()), strict=True)))

    @classmethod
    def collectors_of_ours(cls) -> dict:
        return listed_collectors(cls.cluster.out(NODE, ["edctl-agent", "collectors", "-o", "json"]))

    @classmethod
    @contextlib.contextmanager
    def run_ours(cls, *flags: str):
        command = [
            "/usr/sbin/edctl-agent",
            "--config",
            "/dev/null",
            "--web.listen-address",
            f"{cls.address()}:{PORT}",
            "--hooks.socket",
            f"/run/{OURS}/agent.sock",
            "--state.directory",
            f"/run/{OURS}",
            *flags,
        ]
        settings = SETTINGS.format(command=" ".join(command), name=OURS)
        with cls.copy_of_unit(NODE, "edctl-agent", OURS, settings):
            yield cls.answering(PORT)

    @classmethod
    @contextlib.contextmanager
    def run_theirs(cls, *flags: str):
        """As the agent's user, so that it may read what the agent may."""
        # The nodes see the lab's /home.
        program = cls.cluster.lab.home_dir / THEIRS
        with contextlib.ExitStack() as undo:
            undo.callback(program.unlink)
            shutil.copy(peer(), program)
            undo.callback(cls.cluster.run, NODE, ["systemctl", "stop", THEIRS])
            cls.cluster.out(
                NODE,
                [
                    "systemd-run",
                    f"--unit={THEIRS}",
                    "--collect",
                    "--property=User=edctl-agent",
                    f"/home/{THEIRS}",
                    f"--web.listen-address={cls.address()}:{PEERS_PORT}",
                    *flags,
                ],
            )
            yield cls.answering(PEERS_PORT)

    @classmethod
    def answering(cls, port: int) -> Exporter:
        exporter = Exporter(port, host=cls.address())

        def answers() -> bool:
            with contextlib.suppress(OSError):
                return bool(exporter.page())
            return False

        wait_until(f"a page from port {port} of {NODE}", answers)
        return exporter

    @classmethod
    def address(cls) -> str:
        return cls.cluster.lab.require_spec().node(NODE).address
