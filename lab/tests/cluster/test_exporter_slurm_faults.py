"""The Slurm exporter while what it asks is away: it says so, shows nothing stale, and heals."""

import time

from edctl_cluster.cluster import wait_until

from .slurm_exporter import DEADLINE_SECS, NAME, SOURCES, SlurmExporterTest

DATA = {"edctl_slurm_nodes", "edctl_slurm_jobs", "edctl_slurm_licenses", "edctl_slurm_server_threads"}
# Many times what a page takes, and less than one command takes while slurmctld is away.
PAGE_SECS = 2
# Each source meets its deadline once before the last of them is known to fail.
LIMIT_SECS = 120
COMMANDS_AGES = 'ps -o etimes= --ppid $(systemctl show -P MainPID "$0")'


class SlurmExporterFaults(SlurmExporterTest):
    def test_slurmctld_is_stopped_and_started(self) -> None:
        self.break_and_mend(
            ["systemctl", "stop", "slurmctld"], ["systemctl", "start", "slurmctld"], "timeout", until_data_leaves=True
        )

    def test_slurmctld_hangs_and_goes_on(self) -> None:
        signal = ["systemctl", "kill", "--kill-who=main"]
        self.break_and_mend([*signal, "--signal=STOP", "slurmctld"], [*signal, "--signal=CONT", "slurmctld"], "timeout")

    def test_munge_is_stopped_and_started(self) -> None:
        self.break_and_mend(["systemctl", "stop", "munge"], ["systemctl", "start", "munge"], "authentication")

    def test_slurmctld_is_restarted(self) -> None:
        polls = self.exporter.read().value("edctl_slurm_polls_total", source="diag")
        before = self.counters()
        self.cluster.out("ctl", ["systemctl", "restart", "slurmctld"])
        wait_until(
            "two polls more, and all sources up",
            lambda: self.all_up() and self.exporter.read().value("edctl_slurm_polls_total", source="diag") > polls + 2,
            LIMIT_SECS,
        )
        self.assert_never_fell(before)

    def break_and_mend(self, breaks: list[str], mends: list[str], reason: str, until_data_leaves: bool = False) -> None:
        process, before = self.main_pid(), self.counters()
        self.addCleanup(self.cluster.run, "ctl", mends)
        self.cluster.out("ctl", breaks)
        wait_until(
            f"each source fails by {reason}",
            lambda: self.states_in_time() == dict.fromkeys(SOURCES, reason),
            LIMIT_SECS,
        )
        if until_data_leaves:
            wait_until("no data is shown", lambda: not DATA & self.families(), LIMIT_SECS)
        ages = self.cluster.run("ctl", ["sh", "-c", COMMANDS_AGES, NAME]).stdout.split()
        self.assertLess(max(map(int, ages), default=0), DEADLINE_SECS + 5, "commands outlived their deadline")

        self.cluster.out("ctl", mends)
        wait_until("all sources are up again", self.all_up, LIMIT_SECS)
        self.assertEqual(DATA - self.families(), set())
        self.assertEqual(self.main_pid(), process, "without a restart")
        self.assert_never_fell(before)

    def tearDown(self) -> None:
        wait_until("Slurm has its nodes", lambda: set(self.cluster.node_states().values()) == {"idle"}, LIMIT_SECS)
        super().tearDown()

    def all_up(self) -> bool:
        return self.states_in_time() == dict.fromkeys(SOURCES, "up")

    def states_in_time(self) -> dict[str, str]:
        begin = time.monotonic()
        states = self.states()
        self.assertLess(time.monotonic() - begin, PAGE_SECS, "the page waited for a command")
        return states

    def families(self) -> set[str]:
        return {name for name, _ in self.exporter.read().series}

    def counters(self) -> dict:
        page = self.exporter.read()
        return {series: value for series, value in page.series.items() if series[0].endswith("_total")}

    def assert_never_fell(self, before: dict) -> None:
        after = self.counters()
        fell = {series: (value, after.get(series)) for series, value in before.items() if after.get(series, 0) < value}
        self.assertEqual(fell, {}, "counters go on")

    def main_pid(self) -> str:
        return self.cluster.out("ctl", ["systemctl", "show", "-P", "MainPID", NAME]).strip()
