"""A job gets what its profile says and not more: memory, time, and nothing of it stays behind."""

from edctl_cluster.rollout import DESIGNER

from .case import WORKERS, ClusterTest

PROFILE_TIME = '[profile.latency]\npartition = "latency"\ncpus = 2\nmemory = "800M"\ntime = "10m"'
EATS_MEMORY = "python3 -c 'kept = bytearray(3 << 30)'"
TAKES_TIME = "sleep 3600"


class Limits(ClusterTest):
    def test_more_memory_than_the_profile_has_is_oom(self) -> None:
        flows = self.flows_whose_simulation_first_runs("greedy", EATS_MEMORY)
        self.assert_limited(flows, "oom")

    def test_more_time_than_the_profile_has_is_timeout(self) -> None:
        flows = self.flows_whose_simulation_first_runs("slow", TAKES_TIME)
        settings = self.cluster.lab.home_dir / DESIGNER / "slow/edctl.toml"
        text = settings.read_text()
        self.assertIn(PROFILE_TIME, text)
        settings.write_text(text.replace(PROFILE_TIME, PROFILE_TIME.replace("10m", "3s")))
        self.assert_limited(flows, "timeout")

    def assert_limited(self, flows: str, verdict: str) -> None:
        answer = self.cluster.edctl("submit", "--flow=sim", "--profile=latency", "--wait", flows=flows)
        self.assertEqual(answer.code, 4, answer.stdout + answer.stderr)
        status = self.cluster.edctl_json("status", "@last", flows=flows)
        self.assertEqual(status["state"], verdict, status)
        self.assertIn(status["stages"][0]["node"], WORKERS)
        left = self.cluster.run(status["stages"][0]["node"], ["pgrep", "-u", DESIGNER, "-a", "sleep|python3"])
        self.assertEqual(left.stdout, "", "the job ended whole")

    def flows_whose_simulation_first_runs(self, name: str, command: str) -> str:
        flows = self.copy_of_flows(name)
        makefile = self.cluster.lab.home_dir / DESIGNER / name / "picorv32/sim/Makefile"
        text = makefile.read_text()
        self.assertIn("\nrun: build\n", text)
        makefile.write_text(text.replace("\nrun: build\n", f"\nrun: first build\nfirst:\n\t{command}\n"))
        return flows
