"""Faults of a node's own: the agent sees them, the drainer drains and resumes, and a prolog sends its job elsewhere."""

import json

from edctl_cluster.cluster import wait_until

from .case import ClusterTest

EXPECTED = "/etc/edctl/expected.toml"
# What the node has more than before: a small file system, and a link.
MORE = """
[[mount]]
path = "/mnt/scratch"
[[space]]
path = "/mnt/scratch"
[[nic]]
name = "link0"
"""
PREPARE = """
cp {expected} /run/expected.before
mkdir -p /mnt/scratch
mount -t tmpfs -o size=8m scratch /mnt/scratch
ip link add link0 type veth peer name link1
ip link set link1 up
ip link set link0 up
cat >> {expected}
systemctl reload edctl-agent
"""
TIDY = """
mv /run/expected.before {expected}
systemctl reload edctl-agent
umount /mnt/scratch
ip link delete link0
"""


class Drainer(ClusterTest):
    def setUp(self) -> None:
        done = self.cluster.run("w2", ["sh", "-e", "-c", PREPARE.format(expected=EXPECTED)], stdin=MORE)
        self.addCleanup(self.wait_for_reason, "")
        self.addCleanup(self.cluster.run, "w2", ["sh", "-c", TIDY.format(expected=EXPECTED)])
        self.assertEqual(done.code, 0, done.stderr)
        wait_until("w2 is well with what it has", lambda: self.verdict("w2") in ("fit", "degraded"))

    def verdict(self, node: str) -> str:
        page = self.cluster.run(node, ["curl", "-sSf", "http://127.0.0.1:9810/verdict"])
        if page.code != 0:
            return "none"
        verdict = json.loads(page.stdout)
        names = {check["name"] for check in verdict.get("checks", []) if check["state"] == "pass"}
        fault = verdict.get("verdict", "none")
        return fault if fault == "unfit" or names >= {"mounts", "space", "nic"} else "none"

    def reason(self, node: str = "w2") -> str:
        shown = self.cluster.out(
            "ctl", ["sinfo", "-h", "-N", "-n", node, "-p", "latency", "-O", "StateComplete:|,Reason:200"]
        )
        state, _, reason = shown.strip().partition("|")
        return reason.strip() if "drain" in state else ""

    def wait_for_reason(self, beginning: str) -> None:
        def is_so() -> bool:
            reason = self.reason()
            return reason.startswith(beginning) and bool(reason) == bool(beginning)

        wait_until(f"w2's reason is {beginning!r}", is_so, 60)

    def test_each_fault_drains_the_node_for_its_reason_and_its_end_resumes_it(self) -> None:
        for breaks, heals, reason in (
            (
                ["dd", "if=/dev/zero", "of=/mnt/scratch/fill", "bs=64k"],
                ["rm", "/mnt/scratch/fill"],
                "edctl:node:space:full /mnt/scratch: 0.0 % free",
            ),
            (
                ["mount", "-o", "remount,ro", "/mnt/scratch"],
                ["mount", "-o", "remount,rw", "/mnt/scratch"],
                "edctl:node:mounts:options /mnt/scratch is mounted without rw",
            ),
            (
                ["ip", "link", "set", "link0", "down"],
                ["ip", "link", "set", "link0", "up"],
                "edctl:node:nic:down link0 is down",
            ),
            (["systemctl", "stop", "munge"], ["systemctl", "start", "munge"], "edctl:node:munge:failed"),
        ):
            with self.subTest(fault=" ".join(breaks)):
                self.cluster.run("w2", breaks)
                try:
                    self.wait_for_reason(reason)
                    explained = self.cluster.out("ctl", ["edctl-drainer", "explain", "w2"])
                    self.assertIn("its agent says: unfit", explained)
                    self.assertIn(reason, explained)
                finally:
                    self.cluster.out("w2", heals)
                self.wait_for_reason("")

    def test_an_administrators_drain_stands(self) -> None:
        self.cluster.out("ctl", ["scontrol", "update", "NodeName=w2", "State=DRAIN", "Reason=disk swap, ada"])
        try:
            self.cluster.out("w2", ["ip", "link", "set", "link0", "down"])
            wait_until("w2 is unfit", lambda: self.verdict("w2") == "unfit")
            wait_until("the drainer has seen it", lambda: "agent says: unfit" in self.explain())
            self.assertEqual(self.reason(), "disk swap, ada")
            self.cluster.out("w2", ["ip", "link", "set", "link0", "up"])
            wait_until("the drainer has seen that, too", lambda: "agent says: unfit" not in self.explain())
            self.assertEqual(self.reason(), "disk swap, ada")
        finally:
            self.cluster.out("ctl", ["scontrol", "update", "NodeName=w2", "State=RESUME"])

    def explain(self) -> str:
        return self.cluster.out("ctl", ["edctl-drainer", "explain", "w2"])

    def test_a_prolog_on_an_unfit_node_sends_its_job_back_and_loses_nothing(self) -> None:
        # The drainer has said that its brake is off, and is too late for this fault.
        wait_until("a round that knows w2", lambda: "nothing is to be done" in self.explain())
        self.cluster.out("ctl", ["systemctl", "stop", "edctl-drainer"])
        try:
            self.cluster.out("w2", ["ip", "link", "set", "link0", "down"])
            wait_until("w2 is unfit", lambda: self.verdict("w2") == "unfit")
            job_id = self.sbatch("true", "-w", "w2")
            wait_until("Slurm has drained w2", lambda: self.reason() == "Prolog error", 60)
            self.assertEqual(self.job_state(job_id), "PENDING")
        finally:
            self.cluster.out("ctl", ["systemctl", "start", "edctl-drainer"])
        self.wait_for_reason("edctl:node:nic:down link0 is down")
        self.cluster.out("w2", ["ip", "link", "set", "link0", "up"])
        self.wait_for_reason("")
        wait_until("the job has run", lambda: self.job_state(job_id) == "COMPLETED", 180)

    def job_state(self, job_id: int) -> str:
        return self.cluster.out("ctl", ["squeue", "-h", "-t", "all", "-j", str(job_id), "-o", "%T"]).strip()

    def test_a_stray_process_is_told_and_drains_nobody(self) -> None:
        self.cluster.run(
            "w2", ["sh", "-c", f"sed -i '1i strays_from_uid = 2000' {EXPECTED}; systemctl reload edctl-agent"]
        )
        stray = self.cluster.start("w2", ["sleep", "300"], user="designer")
        try:
            wait_until("the stray is seen", lambda: "is in no job" in self.checks())
            self.assertEqual(self.reason(), "")
        finally:
            self.cluster.run("w2", ["pkill", "-u", "designer", "sleep"])
            stray.wait(timeout=30)
        wait_until("it is gone", lambda: "is in no job" not in self.checks())

    def checks(self) -> str:
        return self.cluster.run("w2", ["edctl-agent", "checks"]).stdout
