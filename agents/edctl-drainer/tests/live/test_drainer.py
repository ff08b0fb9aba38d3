"""edctl-drainer at a real slurmctld; the nodes' agents are played."""

import contextlib
import json
import os
import pathlib
import shutil
import string
import subprocess
import tempfile
import time
import unittest

from edctl_testkit import build
from edctl_testkit.exporter import free_port
from edctl_testkit.slurm import Daemon, controller
from edctl_testkit.verdicts import agents

OURS = build.binary("edctl-drainer")
HAS_SLURM = os.getuid() == 0 and all(map(shutil.which, ("munged", "slurmctld")))
PATIENCE = 30
NODES = 8
# No slurmd is needed: nothing runs, and slurmctld is told not to mind.
CONFIGURATION = string.Template(
    """\
SlurmctldLogFile=$place/slurmctld.log
SlurmdTimeout=0
ReturnToService=2
"""
    + "".join(
        f"NodeName=n{n} NodeAddr=127.0.1.{n} CPUs=4 RealMemory=1000 State=DOWN Reason=start\n"
        for n in range(1, NODES + 1)
    )
    + """\
PartitionName=sim Nodes=n[1-8] Default=YES State=UP
PartitionName=pnr Nodes=n[7-8] State=UP
"""
)


@unittest.skipUnless(HAS_SLURM, "needs root and Debian's slurmctld")
class Drainer(unittest.TestCase):
    def setUp(self):
        stack = contextlib.ExitStack()
        self.addCleanup(stack.close)
        self.place = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(dir="/tmp")))
        # munge's socket must be within everybody's reach.
        self.place.chmod(0o755)
        self.cluster = stack.enter_context(controller(self.place, CONFIGURATION))
        self.resume()
        self.agent_port = free_port()
        self.agents = stack.enter_context(agents(self.agent_port))
        self.stack = stack

    def resume(self):
        """The nodes take jobs, as far as slurmctld knows."""
        self.cluster.run("scontrol", "update", f"NodeName=n[1-{NODES}]", "State=RESUME")

    def start(self, *flags: str, bin_dir="/usr/bin", brake=0.5) -> Daemon:
        """Starts a drainer whose rounds come each second."""
        config = self.place / f"drainer{free_port()}.toml"
        self.round_file = config.with_suffix(".json")
        config.write_text(
            f"[drainer]\ninterval_secs = 1\nbrake_ratio = {brake}\ncause_ratio = 1.0\n"
            f'round_file = "{self.round_file}"\n'
            f'[agents]\naddress = "{{address}}:{self.agent_port}"\n[slurm]\nbin_dir = "{bin_dir}"\n'
        )
        command = ["env", f"SLURM_CONF={self.place}/slurm.conf", OURS, "--config", config]
        command += ["--web.listen-address", f"127.0.0.1:{free_port()}", "--log.format", "text", *flags]
        return self.stack.enter_context(Daemon(command, self.round_file.exists))

    def reason(self, node: str) -> str:
        """The node's reason, and whether it is drained."""
        shown = self.cluster.run("sinfo", "-h", "-N", "-n", node, "-p", "sim", "-O", "StateComplete:|,Reason:200")
        state, _, reason = shown.strip().partition("|")
        return f"{'drain ' if 'drain' in state else ''}{reason.strip()}"

    def wait_until(self, is_so, what: str):
        until = time.monotonic() + PATIENCE
        while not is_so():
            self.assertLess(time.monotonic(), until, f"{what}: {self.round()}")
            time.sleep(0.1)

    def wait_for_reason(self, node: str, reason: str):
        self.wait_until(lambda: self.reason(node) == reason, f"{node} is {reason!r}, not {self.reason(node)!r}")

    def round(self) -> dict:
        return json.loads(self.round_file.read_text())

    def wait_for_rounds(self, count: int):
        for _ in range(count):
            before = self.round()["time_usec"]
            self.wait_until(lambda before=before: self.round()["time_usec"] > before, "another round")

    def admin_drains(self, node: str, reason: str):
        # As root, whom the drainer is too: only the reason tells them apart.
        self.cluster.run("scontrol", "update", f"NodeName={node}", "State=DRAIN", f"Reason={reason}")

    def commands_beside(self, name: str, body: str) -> pathlib.Path:
        """A directory of Slurm's commands in which one does something first."""
        folder = self.place / "commands"
        folder.mkdir()
        for command in ("sinfo", "scontrol"):
            (folder / command).symlink_to(f"/usr/bin/{command}")
        (folder / name).unlink()
        (folder / name).write_text(f'#!/bin/sh\n{body}\nexec /usr/bin/{name} "$@"\n')
        (folder / name).chmod(0o755)
        return folder

    def test_a_sick_node_is_drained_with_its_reason_and_a_healed_one_comes_back(self):
        self.start("--drainer.mode", "act")
        self.agents.fail("127.0.1.3")
        self.wait_for_reason("n3", "drain edctl:node:space:full /scratch: 1.0 % free")
        # The cause is another now.
        self.agents.fail("127.0.1.3", check="nic", code="down", detail="eth0 is down")
        self.wait_for_reason("n3", "drain edctl:node:nic:down eth0 is down")
        # An agent that says nothing heals nothing.
        self.agents.silent.add("127.0.1.3")
        self.wait_until(lambda: self.round()["nodes"]["n3"]["verdict"] == "unreachable", "it is silent")
        self.agents.heal("127.0.1.3")
        self.wait_for_rounds(2)
        self.assertEqual(self.reason("n3"), "drain edctl:node:nic:down eth0 is down")
        self.agents.silent.clear()
        self.wait_for_reason("n3", "none")
        # A failure that is not the node's drains nobody.
        self.agents.fail("127.0.1.4", klass="infra")
        self.wait_until(lambda: self.round()["nodes"]["n4"]["verdict"] == "degraded", "it is degraded")
        self.assertEqual(self.reason("n4"), "none")

    def test_an_administrators_drain_is_never_touched(self):
        self.admin_drains("n2", "disk swap, ada")
        self.start("--drainer.mode", "act")
        self.agents.fail("127.0.1.2")
        self.agents.fail("127.0.1.3")
        self.wait_for_reason("n3", "drain edctl:node:space:full /scratch: 1.0 % free")
        self.assertEqual(self.reason("n2"), "drain disk swap, ada")
        # She takes over what the drainer drained.
        self.admin_drains("n3", "I have it, ada")
        self.agents.failing.clear()
        self.wait_for_rounds(3)
        self.assertEqual(self.reason("n2"), "drain disk swap, ada")
        self.assertEqual(self.reason("n3"), "drain I have it, ada")

    def test_a_drain_that_comes_between_reading_and_writing_stands(self):
        admin = '[ "$1" = ping ] && /usr/bin/scontrol update NodeName=n5 State=DRAIN "Reason=mine, ada"'
        folder = self.commands_beside("scontrol", admin)
        self.agents.fail("127.0.1.5")
        self.agents.fail("127.0.1.6")
        self.start("--drainer.mode", "act", bin_dir=folder)
        self.wait_for_reason("n6", "drain edctl:node:space:full /scratch: 1.0 % free")
        self.wait_for_rounds(2)
        self.assertEqual(self.reason("n5"), "drain mine, ada")

    def test_a_fault_everywhere_trips_the_brake_and_its_end_lets_go(self):
        self.start("--drainer.mode", "act")
        addresses = [f"127.0.1.{n}" for n in range(1, NODES + 1)]
        self.wait_until(lambda: set(self.agents.told.values()) == {"off"}, "the agents know that the brake is off")
        for address in addresses:
            self.agents.fail(address)
        # A round may begin while only some of them fail: what it drains is below the brake.
        self.wait_until(lambda: self.round()["brake_partitions"] == ["pnr", "sim"], "the brake is on")
        self.wait_until(lambda: set(self.agents.told.values()) == {"on"}, "the agents know that the brake is on")
        drained = [n for n in range(1, NODES + 1) if self.reason(f"n{n}").startswith("drain")]
        self.assertLessEqual(len(drained), NODES // 2)
        for address in addresses:
            self.agents.heal(address)
        self.wait_until(lambda: set(self.agents.told.values()) == {"off"}, "the brake is off again")
        for n in range(1, NODES + 1):
            self.wait_for_reason(f"n{n}", "none")

    def test_shadow_changes_nothing_and_says_what_it_would_do(self):
        self.start()
        self.agents.fail("127.0.1.2")
        self.wait_until(lambda: self.round()["nodes"]["n2"]["wish"]["do"] == "drain", "it would be drained")
        self.wait_for_rounds(2)
        self.assertEqual(self.reason("n2"), "none")
        self.assertEqual(set(self.agents.told.values()), {"on"})
        said = self.say("plan")
        self.assertRegex(said, r"n2 +not_responding +drain +edctl:node:space:full /scratch: 1.0 % free")
        self.assertIn("so none of it is done", said)
        self.assertIn("mode: shadow", self.say("status"))
        self.assertIn("its agent says: unfit", self.say("explain", "n2"))

    def say(self, *words: str) -> str:
        command = [OURS, *words, "--file", self.round_file]
        return subprocess.run(command, check=True, text=True, capture_output=True).stdout

    def test_beside_a_slurmctld_that_is_not_in_charge_nothing_is_done(self):
        other = '[ "$1" = ping ] && echo "Slurmctld(primary) at another-host is UP" && exit 0'
        self.agents.fail("127.0.1.2")
        self.start("--drainer.mode", "act", bin_dir=self.commands_beside("scontrol", other))
        self.wait_until(lambda: self.round()["in_charge"] is False, "it is not in charge")
        self.wait_for_rounds(2)
        self.assertEqual(self.reason("n2"), "none")
        self.assertIn("is on another host", self.say("status"))

    def test_a_slurmctld_that_is_away_is_told_and_found_again(self):
        self.start("--drainer.mode", "act")
        self.cluster.slurmctld.stop()
        self.wait_until(lambda: self.round()["error"], "the round has failed")
        self.assertIn("it failed: slurmctld's nodes cannot be read", self.say("status"))
        self.cluster.slurmctld.start()
        self.resume()
        self.agents.fail("127.0.1.3")
        self.wait_for_reason("n3", "drain edctl:node:space:full /scratch: 1.0 % free")


if __name__ == "__main__":
    unittest.main()
