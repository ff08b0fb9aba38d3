"""The Slurm exporter's shares and usages beside slurmctld's own records and the accounts."""

from edctl_cluster.cluster import wait_until
from edctl_cluster.rollout import DESIGNER

from .slurm_count import shares
from .slurm_exporter import SlurmExporterTest

ACCOUNT = "chips"
# Usage is billed only where priorities depend on it and limits may. The plugin is chosen at
# slurmctld's start.
BILLED = """
AccountingStorageEnforce=associations,limits
PriorityType=priority/multifactor
PriorityCalcPeriod=1
PriorityWeightFairshare=1000
"""
RESTART = """systemctl restart slurmctld
until scontrol ping | grep -q ' is UP'; do sleep 0.2; done"""
LIMIT_SECS = 180
# sshare prints whole seconds, scontrol two places.
ROUNDED = 1, 0.006


class SlurmExporterShares(SlurmExporterTest):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.enterClassContext(cls.slurm_conf_with(BILLED, "sh", "-c", RESTART))
        cls.addClassCleanup(cls.cluster.run, "ctl", ["sacctmgr", "-i", "delete", "account", ACCOUNT])
        cls.addClassCleanup(cls.cluster.run, "ctl", ["sacctmgr", "-i", "delete", "user", DESIGNER])
        cls.cluster.out("ctl", ["sacctmgr", "-i", "add", "account", ACCOUNT, "fairshare=3"])
        cls.cluster.out("ctl", ["sacctmgr", "-i", "add", "user", DESIGNER, f"account={ACCOUNT}"])

    def test_what_accounts_and_users_are_entitled_to_and_have_used(self) -> None:
        job = self.sbatch("sleep 5", "-c2")
        billed = 0

        def is_billed() -> bool:
            nonlocal billed
            billed = sum(
                int(row["CPUTimeRAW"] or 0)
                for row in self.cluster.sacct(job, "JobIDRaw", "CPUTimeRAW", "State")
                if row["JobIDRaw"] == str(job) and row["State"] == "COMPLETED"
            )
            return billed > 0

        wait_until("the accounts know the job", is_billed, LIMIT_SECS)
        user = {"account": ACCOUNT, "user": DESIGNER, "partition": ""}
        # Older use counts less; within minutes that is nothing.
        wait_until(
            f"the page says {billed} CPU seconds",
            lambda: abs((self.value("user_raw_usage_seconds", **user) or 0) - billed) <= 1,
            LIMIT_SECS,
        )
        # Not more than some: what accounts used that are gone stays in the root's.
        wait_until(
            "some of what was used is the account's",
            lambda: self.value("account_usage_ratio", account=ACCOUNT) > 0,
            LIMIT_SECS,
        )
        wait_until("page and slurmctld's records agree", lambda: self.differences() == [], LIMIT_SECS)

    def value(self, family: str, **labels: str) -> float | None:
        return self.exporter.read().value(f"edctl_slurm_{family}", **labels)

    def differences(self) -> list:
        """Where the page and slurmctld's records differ by more than their rounding."""
        seconds, places = ROUNDED
        found = []
        for (account, user), told in shares(self.cluster).items():
            if user:
                labels = {"account": account, "user": user, "partition": ""}
                pairs = [
                    (self.value("user_raw_usage_seconds", **labels), told["usage"], seconds),
                    (self.value("user_fairshare_ratio", **labels), told["factor"], places),
                ]
            else:
                labels = {"account": account}
                pairs = [(self.value("account_raw_usage_seconds", **labels), told["usage"], seconds)]
                # The root account has no parent of whose shares it could have a part.
                if account != "root":
                    pairs += [
                        (self.value("account_shares_ratio", **labels), told["shares"], places),
                        (self.value("account_usage_ratio", **labels), told["effective"], places),
                    ]
            found += [
                (labels, ours, theirs) for ours, theirs, most in pairs if ours is None or abs(ours - theirs) > most
            ]
        return found
