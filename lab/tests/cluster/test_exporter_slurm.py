"""The Slurm exporter's numbers beside a count of Slurm's own records, after whatever may happen."""

from collections import Counter

from edctl_cluster.cluster import wait_until

from .slurm_count import account_times, calls, count, record, tasks
from .slurm_exporter import SlurmExporterTest

SLEEP = "sleep 600"
EATS_MEMORY = "exec python3 -c 'kept = bytearray(3 << 30)'"
COUNTED = (
    "nodes",
    "nodes_flagged",
    "cpus",
    "memory_bytes",
    "memory_allocated_bytes",
    "node_reason_info",
    "node_reason_timestamp_seconds",
    "partition_nodes",
    "partition_cpus",
    "jobs",
    "job_cpus",
    "partition_jobs",
    "reason_jobs",
    "account_jobs",
    "user_jobs",
    "qos_jobs",
    "licenses",
    "licenses_used",
    "licenses_free",
    "licenses_reserved",
    "reservation_info",
    "reservation_active",
    "reservation_start_timestamp_seconds",
    "reservation_end_timestamp_seconds",
    "reservation_nodes",
    "reservation_cores",
)


class SlurmExporterNumbers(SlurmExporterTest):
    def test_held_released_and_cancelled_jobs_also_in_two_partitions(self) -> None:
        job = self.submit(SLEEP, "--hold", "-p", "latency,throughput")
        self.wait_for(job, "PENDING", "JobHeldUser")
        self.assert_more(1, "partition_jobs", partition="throughput", state="pending")
        self.control("release", str(job))
        self.wait_for(job, "RUNNING")
        self.assert_more(1, "user_jobs", user="designer", state="running")
        self.cancel(job)
        self.wait_for(job, "CANCELLED")
        self.assert_more(1, "jobs", state="cancelled")

    def test_each_end_of_a_job_and_how_long_it_waited_and_ran(self) -> None:
        late = self.submit(SLEEP)
        self.wait_for(late, "RUNNING")
        self.control("update", f"JobId={late}", "EndTime=now+1")
        jobs = {
            "TIMEOUT": late,
            "COMPLETED": self.submit("sleep 1"),
            "FAILED": self.submit("exit 3"),
            "OUT_OF_MEMORY": self.submit(EATS_MEMORY, "--mem=50M"),
            "CANCELLED": self.submit(SLEEP, "--hold"),
        }
        self.wait_for(jobs["CANCELLED"], "PENDING", "JobHeldUser")
        self.cancel(jobs["CANCELLED"])
        for state, job in jobs.items():
            self.wait_for(job, state, limit_secs=120)
        for state in jobs:
            self.assert_more(1, "jobs", state=state.lower())
            self.assert_more(1, "jobs_ended_total", state=state.lower(), profile="")
        accounts = self.accounts(list(jobs.values()))
        self.assertEqual(
            {state: accounts[job]["State"].split()[0] for state, job in jobs.items()}, {state: state for state in jobs}
        )
        started = [accounts[job] for state, job in jobs.items() if state != "CANCELLED"]
        self.assert_observed("wait", [int(job["Start"]) - int(job["Submit"]) for job in started])
        self.assert_observed("run", [int(job["End"]) - int(job["Start"]) for job in started])
        self.assert_flow({"new": -len(jobs), **dict.fromkeys(map(str.lower, jobs), 1)})

    def test_slurmctlds_own_counts_of_jobs_and_of_requests(self) -> None:
        # What earlier tests did is in the page's counts of jobs, but maybe not yet in slurmctld's own.
        self.wait_for_polls("diag", 2)
        self.before = self.exporter.read()
        before = calls(self.cluster, "designer")
        self.wait_for_all({"COMPLETED": self.submit("true"), "FAILED": self.submit("exit 3")})
        held = self.submit(SLEEP, "--hold")
        self.cancel(held)
        self.wait_for(held, "CANCELLED")
        # Slurm counts a job as failed only where the fault is its own.
        for more, family in ((3, "submitted"), (2, "started"), (2, "completed"), (0, "failed"), (1, "canceled")):
            self.assert_more(more, f"jobs_{family}_total")
        for _ in range(5):
            self.cluster.out("ctl", ["squeue"], user="designer")
        # A request of the type for each, and those of sbatch beside them.
        self.assertGreaterEqual(calls(self.cluster, "designer") - before, 3 + 5)
        self.assert_more(calls(self.cluster, "designer") - before, "user_rpcs_total", user="designer")

    def test_arrays_task_by_task(self) -> None:
        job = self.submit(SLEEP, "--array=0-20:2%2")
        self.wait_for(job, "PENDING", "JobArrayTaskLimit")
        self.assert_more(9, "reason_jobs", state="pending", reason="JobArrayTaskLimit")
        self.assert_more(2, "jobs", state="running")
        self.cluster.out("ctl", ["scancel", f"{job}_20"])
        self.assert_more(8, "jobs", state="pending")
        self.cancel(job)
        self.assert_more(0, "jobs", state="running")
        # What became of a task that was cancelled while it had no record of its own, none knows.
        wait_until("the array is over", lambda: {one["JobState"] for one in self.records(job)} == {"CANCELLED"})
        cancelled = sum(map(tasks, self.records(job)))
        self.assert_flow({"new": -11, "pending": 11 - cancelled, "cancelled": cancelled})

    def test_dependencies_and_a_job_that_is_requeued(self) -> None:
        first = self.submit(SLEEP)
        second = self.submit(SLEEP, f"--dependency=afterok:{first}")
        self.wait_for(first, "RUNNING")
        self.wait_for(second, "PENDING", "Dependency")
        self.assert_more(1, "reason_jobs", state="pending", reason="Dependency")
        self.control("requeue", str(first))
        self.wait_for(first, "PENDING", "BeginTime")
        self.assert_more(1, "reason_jobs", state="pending", reason="BeginTime")
        self.control("update", f"JobId={first}", "StartTime=now")
        self.wait_for(first, "RUNNING")
        self.assert_more(1, "jobs", state="running")
        self.cancel(first)
        self.wait_for(second, "PENDING", "DependencyNeverSatisfied")
        self.assert_more(1, "reason_jobs", state="pending", reason="DependencyNeverSatisfied")

    def test_a_node_that_is_drained_set_down_and_resumed(self) -> None:
        self.addCleanup(self.cluster.run, "ctl", ["scontrol", "update", "NodeName=w2", "State=RESUME"])
        job = self.submit(SLEEP, "-w", "w2")
        self.wait_for(job, "RUNNING")
        self.set_node("DRAIN", 'Reason=fan | "loud"')
        self.assert_more(1, "nodes", state="draining")
        self.cancel(job)
        self.wait_for(job, "CANCELLED")
        wait_until("the node is free", lambda: self.cluster.node_states()["w2"] == "drained")
        self.assert_more(1, "nodes", state="drained")
        self.set_node("DOWN", "Reason=burnt")
        self.assert_more(1, "nodes", state="down")
        self.set_node("RESUME")
        wait_until("the node is idle", lambda: self.cluster.node_states()["w2"] == "idle", 120)
        self.assert_more(0, "nodes", state="idle")

    def test_reservations_and_licences(self) -> None:
        for name, start, *more in (
            ("now", "now", "Nodes=w2"),
            ("later", "now+1hour", "Nodes=w1", "Flags=MAINT"),
            ("tool", "now", "Licenses=simulator:1", "Flags=ANY_NODES"),
        ):
            self.control(
                "create",
                "reservation",
                f"ReservationName={name}",
                f"StartTime={start}",
                "Duration=10",
                "Users=designer",
                *more,
            )
            self.addCleanup(self.cluster.run, "ctl", ["scontrol", "delete", f"ReservationName={name}"])
        self.assert_more(1, "nodes", state="reserved")
        self.assert_more(1, "licenses_reserved", license="simulator")
        for name in ("now", "later", "tool"):
            self.control("delete", f"ReservationName={name}")
        jobs = [self.submit(SLEEP, f"--licenses=simulator:{licenses}") for licenses in (3, 2)]
        self.wait_for(jobs[0], "RUNNING")
        self.wait_for(jobs[1], "PENDING", "Licenses")
        self.assert_more(3, "licenses_used", license="simulator")

    def test_a_run_is_counted_under_its_flow_stage_and_profile(self) -> None:
        submitted = self.cluster.edctl("submit", "--flow=synth", "--profile=latency", "--wait")
        self.assertEqual(submitted.code, 0, submitted.stdout + submitted.stderr)
        for family, label in (("flow", "synth"), ("stage", "synth"), ("profile", "latency")):
            self.assert_more(1, f"{family}_jobs", state="completed", **{family: label})

    def setUp(self) -> None:
        super().setUp()
        self.agreed()
        self.before = self.exporter.read()

    def agreed(self):
        """A page on which every number is that of a count made at the same time."""
        told: dict = {}

        def agrees() -> bool:
            counted, page = count(self.cluster), self.exporter.read()
            told.update(page=page, differences=differences(counted, page))
            return not told["differences"]

        try:
            wait_until("page and count agree", agrees)
        except AssertionError:
            self.fail(f"the page says other than scontrol: {told['differences']}")
        return told["page"]

    def assert_more(self, more: float, family: str, **labels: str) -> None:
        """The whole page agrees, and this series has grown by so much since the test's begin."""
        name = f"edctl_slurm_{family}"
        wanted = (self.before.value(name, **labels) or 0) + more
        wait_until(f"{name}{labels} is {wanted}", lambda: (self.agreed().value(name, **labels) or 0) == wanted)

    def assert_observed(self, what: str, secs: list[int]) -> None:
        """The histogram has grown by these durations, and by nothing else."""
        family, place = f"job_{what}_seconds", {"partition": "latency", "profile": ""}
        self.assert_more(len(secs), f"{family}_count", **place)
        self.assert_more(sum(secs), f"{family}_sum", **place)
        page = self.exporter.read()
        bounds = {dict(labels)["le"] for labels in page.family(f"edctl_slurm_{family}_bucket")}
        self.assertIn("+Inf", bounds)
        for bound in bounds:
            within = sum(each <= float(bound) for each in secs)
            self.assert_more(within, f"{family}_bucket", le=bound, **place)

    def assert_flow(self, wanted: dict[str, int]) -> None:
        """So many jobs more went into a state than out of it since the test's begin."""
        flow: Counter = Counter()

        def is_so() -> bool:
            flow.clear()
            flow.update(flow_of(self.agreed()))
            flow.subtract(flow_of(self.before))
            return {state: jobs for state, jobs in flow.items() if jobs} == wanted

        try:
            wait_until("jobs have changed their states", is_so)
        except AssertionError:
            self.fail(f"expected {wanted}, not {flow}")

    def accounts(self, jobs: list[int]) -> dict[int, dict[str, str]]:
        """The jobs' accounts by their ids, once slurmdbd has all of them."""
        told: dict = {}

        def all_there() -> bool:
            told.update((int(row["JobIDRaw"]), row) for row in account_times(self.cluster, jobs))
            return len(told) == len(jobs)

        wait_until("the accounts know the ends of all jobs", all_there, 120)
        return told

    def submit(self, command: str, *options: str) -> int:
        job = self.sbatch(command, *options)
        self.addCleanup(self.cluster.run, "ctl", ["scancel", str(job)])
        return job

    def cancel(self, job: int) -> None:
        self.cluster.out("ctl", ["scancel", str(job)])

    def control(self, *words: str) -> None:
        self.cluster.out("ctl", ["scontrol", *words])

    def set_node(self, state: str, *more: str) -> None:
        self.control("update", "NodeName=w2", f"State={state}", *more)

    def wait_for_polls(self, source: str, more: int) -> None:
        def polls() -> float:
            return self.exporter.read().value("edctl_slurm_polls_total", source=source)

        begin = polls()
        wait_until(f"{source} is asked again", lambda: polls() >= begin + more)

    def wait_for_all(self, jobs: dict[str, int]) -> None:
        for state, job in jobs.items():
            self.wait_for(job, state)

    def wait_for(self, job: int, state: str, reason: str = "", limit_secs: float = 60) -> None:
        """Waits until slurmctld has a record of the job, or of a part of it, that says so."""

        def is_so() -> bool:
            return any(one["JobState"] == state and reason in ("", one["Reason"]) for one in self.records(job))

        wait_until(f"job {job} is {state} {reason}", is_so, limit_secs)

    def records(self, job: int) -> list[dict[str, str]]:
        """slurmctld's records of a job, or of an array's tasks."""
        lines = self.cluster.out("ctl", ["scontrol", "-o", "show", "job", str(job)])
        return [record(line) for line in lines.splitlines()]


def flow_of(page) -> Counter:
    """By state, how many jobs went into it less how many went out of it."""
    flow: Counter = Counter()
    for labels, jobs in page.family("edctl_slurm_job_transitions_total").items():
        flow[dict(labels)["to"]] += int(jobs)
        flow[dict(labels)["from"]] -= int(jobs)
    return flow


def differences(counted: dict, page) -> dict:
    """What the count and the page say, where they differ; what is 0 may be left out."""
    found = {}
    for family in COUNTED:
        name = f"edctl_slurm_{family}"
        ours = {labels: value for labels, value in page.family(name).items() if value}
        theirs = {labels: value for labels, value in counted.get(name, {}).items() if value}
        if ours != theirs:
            found[name] = {"page": ours, "count": theirs}
    return found
