"""The Slurm exporter as a user of its own, where PrivateData keeps from it what is others'."""

from edctl_cluster.cluster import wait_until

from .slurm_count import count
from .slurm_exporter import NAME, UNIT, SlurmExporterTest

PRIVATE = "PrivateData=accounts,events,jobs,nodes,partitions,reservations,usage,users\n"
HIDDEN = {"nodes": "nodes", "jobs": "jobs", "reservations": "reservations", "shares": "usage"}
STATUS = 'cat /proc/$(systemctl show -P MainPID "$0")/status'
LIMIT_SECS = 60


class SlurmExporterPrivacy(SlurmExporterTest):
    def test_it_has_a_user_of_its_own_and_no_privilege(self) -> None:
        uid = self.cluster.out("ctl", ["id", "-u", UNIT]).strip()
        status = dict(line.split(":", 1) for line in self.cluster.out("ctl", ["sh", "-c", STATUS, NAME]).splitlines())
        self.assertNotEqual(uid, "0")
        self.assertEqual(set(status["Uid"].split()), {uid})
        self.assertEqual([int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")], [0] * 3)
        self.assertEqual(status["NoNewPrivs"].strip(), "1")

    def test_what_is_private_is_left_out_until_it_is_an_operator(self) -> None:
        job = self.sbatch("sleep 600")
        self.addCleanup(self.cluster.run, "ctl", ["scancel", str(job)])
        wait_until("the job runs", lambda: self.agrees() and self.running() == 1)
        seen = self.jobs_seen_first()
        with self.slurm_conf_with(PRIVATE, "scontrol", "reconfigure"):
            wait_until("all that is private is hidden", lambda: self.hidden() == HIDDEN, LIMIT_SECS)
            wait_until("sinfo is refused", lambda: self.states()["nodes"] == "denied", LIMIT_SECS)
            page = self.exporter.read()
            for family in ("nodes", "jobs", "account_raw_usage_seconds"):
                self.assertEqual(page.family(f"edctl_slurm_{family}"), {})
            states = self.states()
            self.assertEqual(
                [states[source] for source in ("access", "diag", "licenses", "jobs")], ["up", "up", "up", "down"]
            )

            self.addCleanup(self.cluster.run, "ctl", ["sacctmgr", "-i", "delete", "user", UNIT])
            self.cluster.out("ctl", ["sacctmgr", "-i", "add", "user", UNIT, "account=root", "adminlevel=Operator"])
            wait_until("nothing is hidden from an operator", lambda: self.hidden() == {} and self.agrees(), LIMIT_SECS)
            self.assertEqual(self.running(), 1)
            self.assertEqual(self.jobs_seen_first(), seen, "a job that comes into sight is not new")
        wait_until("nothing is private", lambda: self.private() == set(), LIMIT_SECS)

    def hidden(self) -> dict[str, str]:
        series = self.exporter.read().family("edctl_slurm_source_hidden")
        return {dict(labels)["source"]: dict(labels)["kind"] for labels in series}

    def private(self) -> set[str]:
        series = self.exporter.read().family("edctl_slurm_private_data")
        return {dict(labels)["kind"] for labels in series}

    def agrees(self) -> bool:
        """Whether the page has scontrol's number of jobs in each state; what is 0 may be left out."""
        page = self.exporter.read().family("edctl_slurm_jobs")
        counted = count(self.cluster)["edctl_slurm_jobs"]
        return {labels: jobs for labels, jobs in page.items() if jobs} == dict(counted)

    def running(self) -> float | None:
        return self.exporter.read().value("edctl_slurm_jobs", state="running")

    def jobs_seen_first(self) -> float:
        """Jobs that came between two polls."""
        changes = self.exporter.read().family("edctl_slurm_job_transitions_total")
        return sum(jobs for labels, jobs in changes.items() if dict(labels)["from"] == "new")
