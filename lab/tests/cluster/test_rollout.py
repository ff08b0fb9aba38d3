"""The rollout: what it left behind, and that a second one changes nothing."""

import re
import subprocess

from edctl_cluster.cluster import wait_until
from edctl_cluster.rollout import REPOSITORY, lab_environment

from .case import WORKERS, ClusterTest

DAEMONS = {"edctl-agent": 9810, "edctl-exporter-process": 9812}


class Rollout(ClusterTest):
    def test_a_second_run_of_the_playbook_changes_nothing(self) -> None:
        done = subprocess.run(["ansible-playbook", "site.yml"],
                              cwd=REPOSITORY / "ansible", env=lab_environment(self.cluster.lab),
                              capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        recap = re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", done.stdout, re.MULTILINE)
        self.assertEqual({changed for _, changed in recap}, {"0"}, done.stdout)
        self.assertEqual({host for host, _ in recap}, {"ctl", *WORKERS})

    def test_slurm_has_three_nodes_that_work(self) -> None:
        wait_until("idle nodes", lambda: set(self.cluster.node_states().values()) == {"idle"})
        self.assertEqual(set(self.cluster.node_states()), {"ctl", *WORKERS})

    def test_prometheus_scrapes_nine_targets(self) -> None:
        wait_until("nine targets up", lambda: len(self.cluster.query("up == 1")) == 9)
        per_job = {one["metric"]["job"]: one["value"][1]
                   for one in self.cluster.query("count by (job) (up)")}
        self.assertEqual(per_job, {"edctl-agent": "3", "edctl-exporter-process": "3",
                                   "edctl-exporter-slurm": "1", "pushgateway": "1",
                                   "prometheus": "1"})

    def test_every_page_is_one_that_prometheus_tools_accept(self) -> None:
        pages = [(node, port) for node in ("ctl", *WORKERS) for port in DAEMONS.values()]
        for node, port in [*pages, ("ctl", 9811)]:
            with self.subTest(node=node, port=port):
                page = self.cluster.out(node, ["curl", "-sSf", f"http://127.0.0.1:{port}/metrics"])
                checked = self.cluster.run("ctl", ["promtool", "check", "metrics"], stdin=page)
                # 3 is advice about names that others chose; 1 is a page that does not parse.
                self.assertIn(checked.code, (0, 3), checked.stderr)

    def test_the_numbers_agree_with_the_machine(self) -> None:
        nodes = {one["metric"]["state"]: one["value"][1]
                 for one in self.cluster.query("edctl_slurm_nodes > 0")}
        self.assertEqual(nodes, {"idle": "3"})
        for node in ("ctl", *WORKERS):
            told = self.cluster.query(f'node_uname_info{{instance="{node}"}}')
            self.assertEqual([one["metric"]["nodename"] for one in told], [node])

    def test_the_daemons_run_unprivileged_and_answer_health_checks(self) -> None:
        for unit, port in DAEMONS.items():
            user = self.cluster.out("w1", ["systemctl", "show", "-P", "User", unit]).strip()
            self.assertEqual(user, unit)
            for page in ("healthz", "readyz"):
                self.cluster.out("w1", ["curl", "-sSf", f"http://127.0.0.1:{port}/{page}"])
