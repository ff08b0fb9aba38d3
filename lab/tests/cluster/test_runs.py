"""Designers' runs: passed, broken, killed, cancelled, followed live."""

import json
import pathlib

from edctl_cluster.cluster import FLOWS, wait_until
from edctl_cluster.rollout import DESIGNER, DESIGNER_UID

from .case import WORKERS, ClusterTest

KILL_SIMULATOR = """
end=$((SECONDS + 120))
until pids=$(pgrep -x "$0"); do [ $SECONDS -lt $end ] || exit 1; done
kill -9 $pids
"""


class Runs(ClusterTest):
    def test_a_simulation_passes_on_a_worker_inside_its_cgroup_and_is_followed_live(self) -> None:
        run = self.cluster.submit("sim", "--profile=latency")
        follower = self.cluster.start("ctl", ["edctl", "-C", FLOWS, "logs", "-f", run], user=DESIGNER)
        assert follower.stdout is not None
        first_line = follower.stdout.readline()
        self.assertTrue(first_line.strip(), "the log's first line")
        self.assertEqual(self.status(run)["state"], "running", "the log is followed live")

        stage = self.status(run)["stages"][0]
        self.assertIn(stage["node"], WORKERS)
        cgroups = self.cluster.out(
            stage["node"], ["find", "/sys/fs/cgroup", "-type", "d", "-name", f"job_{stage['job_id']}"]
        )
        self.assertIn(f"uid_{DESIGNER_UID}/job_{stage['job_id']}", cgroups)
        self.assert_task_has_a_span_of_the_runs_trace(run)

        status = self.cluster.wait_for_verdict(run)
        self.assertEqual(status["state"], "passed", status)
        self.assertEqual(status["stages"][0]["subtests_passed"], 45)
        self.assertEqual(status["stages"][0]["subtests_planned"], 45)
        rest, _ = follower.communicate(timeout=60)
        self.assertEqual(follower.returncode, 0, rest)
        self.assertIn("ALL TESTS PASSED", rest)

    def test_a_synthesis_passes_and_tells_cells_and_slack(self) -> None:
        answer = self.cluster.edctl("submit", "--flow=synth", "--profile=throughput", "--wait")
        self.assertEqual(answer.code, 0, answer.stdout + answer.stderr)
        status = self.status("@last")
        metrics = status["stages"][0]["metrics"]
        self.assertGreater(metrics["synth__design__instance__count__stdcell"], 10_000)
        self.assertGreater(metrics["synth__design__instance__area__stdcell"], 1_000_000)
        self.assertGreater(metrics["synth__timing__setup__ws"], 0)

    def test_one_wrong_character_of_rtl_fails_and_names_the_first_failing_subtest(self) -> None:
        flows = self.copy_of_flows("broken")
        source = next((self.cluster.lab.home_dir / DESIGNER / "broken").rglob("picorv32.v"))
        text = source.read_text()
        right = "alu_add_sub = instr_sub ? reg_op1 - reg_op2 : reg_op1 + reg_op2;"
        self.assertIn(right, text)
        source.write_text(text.replace(right, right.replace("- reg_op2", "+ reg_op2")))

        answer = self.cluster.edctl("submit", "--flow=sim", "--profile=latency", "--wait", flows=flows)
        self.assertEqual(answer.code, 1, answer.stdout + answer.stderr)
        status = self.cluster.edctl_json("status", "@last", flows=flows)
        self.assertEqual(status["state"], "failed")
        human = self.cluster.edctl("status", "@last", flows=flows)
        self.assertIn(status["stages"][0]["first_failure"], human.stdout)

    def test_a_killed_simulator_never_passes(self) -> None:
        flows = self.copy_of_flows("endless")
        self.make_endless(self.cluster.lab.home_dir / DESIGNER / "endless" / "picorv32")
        run = self.cluster.submit("sim", "--profile=latency", flows=flows)
        wait_until("the job runs", lambda: "node" in self.status(run, flows)["stages"][0], 120)
        node = self.status(run, flows)["stages"][0]["node"]
        killed = self.cluster.run(node, ["bash", "-c", KILL_SIMULATOR, "Vpicorv32_wrapp"])
        self.assertEqual(killed.code, 0, "the simulator was seen and killed")
        status = self.cluster.wait_for_verdict(run, flows=flows)
        self.assertEqual(status["state"], "error", status)
        self.assertIn("killed by signal 9", status["stages"][0]["summary"])

    def test_a_killed_job_is_not_a_pass_either(self) -> None:
        run = self.cluster.submit("sim", "--profile=latency")
        wait_until("the job runs", lambda: "node" in self.status(run)["stages"][0], 120)
        stage = self.status(run)["stages"][0]
        self.cluster.out("ctl", ["scancel", "--signal=KILL", "--full", str(stage["job_id"])])
        status = self.cluster.wait_for_verdict(run)
        self.assertIn(status["state"], ("failed", "error", "cancelled"), status)

    def test_cancel_ends_the_job_and_says_so(self) -> None:
        run = self.cluster.submit("synth", "--profile=memory")
        cancelled = self.cluster.edctl("cancel", run)
        self.assertEqual(cancelled.code, 0, cancelled.stderr)
        self.assertEqual(self.cluster.wait_for_verdict(run)["state"], "cancelled")
        wait_until("an empty queue", lambda: self.cluster.out("ctl", ["squeue", "-h"]) == "")

    def test_unknown_runs_and_flows_are_told_clearly(self) -> None:
        for arguments, word in ((("status", "01NOSUCHRUN"), "01NOSUCHRUN"), (("submit", "--flow=gds"), "gds")):
            answer = self.cluster.edctl(*arguments)
            self.assertEqual(answer.code, 2, answer.stderr)
            self.assertIn(word, answer.stderr)

    def assert_task_has_a_span_of_the_runs_trace(self, run: str) -> None:
        """The batch job began with what the task prolog gave it, not with what was submitted."""
        status = self.status(run)
        _, trace, span, _ = status["traceparent"].split("-")
        where = pathlib.Path(status["dir"]).relative_to("/home")
        record = self.cluster.lab.home_dir / where / "stages/sim/start.json"
        start = json.loads(record.read_text())
        _, task_trace, task_span, _ = start["traceparent"].split("-")
        self.assertEqual(task_trace, trace)
        self.assertNotEqual(task_span, span)

    def status(self, run: str, flows: str = FLOWS) -> dict:
        return self.cluster.edctl_json("status", run, flows=flows)

    @staticmethod
    def make_endless(design: pathlib.Path) -> None:
        """A simulation takes a fifth of a second, too short to be caught: this one passes every
        sub-test and then never traps, for many minutes before its watchdog."""
        for name, right, wrong in (
            ("src/firmware/start.S", "\tebreak\n", "\tj .\n"),
            ("sim/Makefile", "?= 2000000\n", "?= 2000000000\n"),
        ):
            file = design / name
            text = file.read_text()
            assert right in text, f"{file}: no {right!r}"
            file.write_text(text.replace(right, wrong))
