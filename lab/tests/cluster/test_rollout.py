"""The rollout: what it left behind, and that a second one changes nothing."""

import json
import re
import subprocess

from edctl_cluster.cluster import fetch, wait_until
from edctl_cluster.rollout import DESIGNER, REPOSITORY, lab_environment
from edctl_lab import publish

from .case import WORKERS, ClusterTest

DAEMONS = {"edctl-agent": 9810, "edctl-exporter-process": 9812}
# What systemd-analyze may find at most, in tenths. Why the agent has more: its unit says.
EXPOSURE = {"edctl-agent": 35, "edctl-drainer": 20, "edctl-exporter-process": 25, "edctl-exporter-slurm": 20}
PUSH = "echo edctl_pushed_by_a_test 1 | curl -sSf --data-binary @- http://ctl:9091/metrics/job/nightly/instance/a-run"


class Rollout(ClusterTest):
    def test_a_second_demo_changes_nothing(self) -> None:
        job_id = self.start_long_job()
        before = self.main_pids()
        changed, output = self.play("-e", "eda_tools_flows_refresh=true")
        self.assertEqual(changed, dict.fromkeys(("ctl", *WORKERS), 0), output)
        self.assertEqual(self.main_pids(), before, "no daemon was restarted")
        self.assertEqual(self.job_state(job_id), "RUNNING")

    def test_a_changed_setting_arrives_and_costs_no_job(self) -> None:
        job_id = self.start_long_job()
        before = self.main_pids()
        self.addCleanup(self.play, "--tags=slurm,edctl")
        changed, output = self.play(
            "--tags=slurm,edctl",
            "-e",
            json.dumps({"slurm_log_level": "verbose", "edctl_settings": {"agent": '[log]\nlevel = "debug"\n'}}),
        )
        self.assertTrue(all(changed.values()), output)
        for node in WORKERS:
            self.assertNotEqual(self.main_pids()[node], before[node])
            config = self.cluster.out(node, ["scontrol", "show", "config"])
            self.assertRegex(config, r"SlurmdDebug +=.*verbose")
        self.assertEqual(self.job_state(job_id), "RUNNING")
        self.assertGreater(self.job_through_hooks("w2"), job_id, "new jobs run as well")

    def test_part_of_the_cluster_can_be_rolled_out(self) -> None:
        changed, output = self.play("--limit=w2")
        self.assertEqual(changed, {"w2": 0}, output)

    def test_the_hosts_browser_reaches_every_published_page(self) -> None:
        pages = {one["name"]: one["url"] for one in publish.published(self.cluster.lab)}
        self.assertEqual(set(pages), set(publish.SERVICES))
        for name, url in pages.items():
            with self.subTest(page=name):
                self.assertIn("# TYPE", fetch(f"{url}metrics"))

    def test_pushed_metrics_keep_their_own_job_and_instance(self) -> None:
        self.cluster.out("w1", ["sh", "-c", PUSH], user=DESIGNER)
        wait_until("the pushed sample", lambda: self.cluster.query("edctl_pushed_by_a_test") != [])
        labels = self.cluster.query("edctl_pushed_by_a_test")[0]["metric"]
        self.assertEqual((labels["job"], labels["instance"]), ("nightly", "a-run"))

    def test_slurm_has_three_nodes_that_work(self) -> None:
        wait_until("idle nodes", lambda: set(self.cluster.node_states().values()) == {"idle"})
        self.assertEqual(set(self.cluster.node_states()), {"ctl", *WORKERS})

    def test_prometheus_scrapes_ten_targets(self) -> None:
        wait_until("ten targets up", lambda: len(self.cluster.query("up == 1")) == 10)
        per_job = {one["metric"]["job"]: one["value"][1] for one in self.cluster.query("count by (job) (up)")}
        self.assertEqual(
            per_job,
            {
                "edctl-agent": "3",
                "edctl-exporter-process": "3",
                "edctl-exporter-slurm": "1",
                "edctl-drainer": "1",
                "pushgateway": "1",
                "prometheus": "1",
            },
        )

    def test_every_page_is_one_that_prometheus_tools_accept(self) -> None:
        pages = [(node, port) for node in ("ctl", *WORKERS) for port in DAEMONS.values()]
        for node, port in [*pages, ("ctl", 9811), ("ctl", 9813)]:
            with self.subTest(node=node, port=port):
                page = self.cluster.out(node, ["curl", "-sSf", f"http://127.0.0.1:{port}/metrics"])
                checked = self.cluster.run("ctl", ["promtool", "check", "metrics"], stdin=page)
                # 3 is advice about names that others chose; 1 is a page that does not parse.
                self.assertIn(checked.code, (0, 3), checked.stderr)

    def test_the_numbers_agree_with_the_machine(self) -> None:
        def nodes() -> dict[str, str]:
            return {one["metric"]["state"]: one["value"][1] for one in self.cluster.query("edctl_slurm_nodes > 0")}

        wait_until("three idle nodes in Prometheus", lambda: nodes() == {"idle": "3"})
        for node in ("ctl", *WORKERS):
            told = self.cluster.query(f'node_uname_info{{instance="{node}"}}')
            self.assertEqual([one["metric"]["nodename"] for one in told], [node])

    def test_the_daemons_run_unprivileged_and_answer_health_checks(self) -> None:
        for unit, port in DAEMONS.items():
            user = self.cluster.out("w1", ["systemctl", "show", "-P", "User", unit]).strip()
            self.assertEqual(user, unit)
            for page in ("healthz", "readyz"):
                self.cluster.out("w1", ["curl", "-sSf", f"http://127.0.0.1:{port}/{page}"])

    def test_the_daemons_stay_in_their_sandboxes(self) -> None:
        for unit, limit in EXPOSURE.items():
            with self.subTest(unit=unit):
                self.cluster.out(
                    "ctl", ["systemd-analyze", "security", "--no-pager", f"--threshold={limit}", f"{unit}.service"]
                )

    def play(self, *arguments: str) -> tuple[dict[str, int], str]:
        """Runs the playbook; returns how much changed on each host, and what it printed."""
        done = subprocess.run(
            ["ansible-playbook", "site.yml", *arguments],
            cwd=REPOSITORY / "ansible",
            env=lab_environment(self.cluster.lab),
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        recap = re.findall(r"^(\S+)\s+: ok=\d+\s+changed=(\d+)", done.stdout, re.MULTILINE)
        return {host: int(changed) for host, changed in recap}, done.stdout

    def start_long_job(self) -> int:
        """A job on w1 that lasts longer than the test, which takes it away."""
        job_id = int(
            self.cluster.out(
                "ctl",
                ["sbatch", "--parsable", "-w", "w1", "--time=10", "--output=/dev/null", "--wrap=sleep 600"],
                user=DESIGNER,
            )
        )
        self.addCleanup(self.cluster.out, "ctl", ["scancel", str(job_id)])
        wait_until("the job runs", lambda: self.job_state(job_id) == "RUNNING")
        return job_id

    def job_state(self, job_id: int) -> str:
        return self.cluster.out("ctl", ["squeue", "-h", "-t", "all", "-j", str(job_id), "-o", "%T"]).strip()

    def main_pids(self) -> dict[str, str]:
        """The daemons of each node, as they run now."""
        asked = [
            "systemctl",
            "show",
            "-P",
            "MainPID",
            "slurmctld",
            "slurmd",
            "edctl-agent",
            "edctl-exporter-slurm",
            "edctl-drainer",
            "edctl-exporter-process",
            "prometheus",
            "slurmdbd",
            "mariadb",
        ]
        return {node: self.cluster.out(node, asked) for node in ("ctl", *WORKERS)}
