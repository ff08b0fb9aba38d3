"""An edctl-exporter-slurm of the tests' own on ctl: the packaged unit, asking slurmctld more often."""

import contextlib

from edctl_cluster.cluster import wait_until
from edctl_testkit.exporter import Exporter

from .case import ClusterTest

UNIT = "edctl-exporter-slurm"
NAME = "edctl-exporter-slurm-beside"
CONFIG = f"/run/{NAME}.toml"
# Where no service of the cluster listens.
PORT = 9822
DEADLINE_SECS = 4
MAX_AGE_SECS = 20
SOURCES = ("access", "diag", "nodes", "jobs", "licenses", "reservations", "shares")
SLURM = f"""[slurm]
interval_secs = 1
deadline_secs = {DEADLINE_SECS}
max_age_secs = {MAX_AGE_SECS}
[slurm.source_interval_secs]
licenses = 1
reservations = 1
shares = 1
"""
APPEND = 'cp -p "$0" "$0.before" && cat >> "$0"'
SLURM_CONF = "/etc/slurm/slurm.conf"
SETTINGS = """[Service]
ExecStart=
ExecStart=/usr/sbin/edctl-exporter-slurm --config {config} --web.listen-address {address}:{port}
"""


class SlurmExporterTest(ClusterTest):
    """Its class has one exporter, which no test restarts."""

    exporter: Exporter

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        address = cls.cluster.lab.require_spec().node("ctl").address
        written = cls.cluster.run("ctl", ["sh", "-c", f"cat > {CONFIG}"], stdin=SLURM)
        assert written.code == 0, written.stderr
        cls.addClassCleanup(cls.cluster.run, "ctl", ["rm", "-f", CONFIG])
        settings = SETTINGS.format(config=CONFIG, address=address, port=PORT)
        cls.enterClassContext(cls.copy_of_unit("ctl", UNIT, NAME, settings))
        cls.exporter = Exporter(PORT, host=address)
        wait_until("all sources are up", lambda: cls.states() == dict.fromkeys(SOURCES, "up"))

    @classmethod
    @contextlib.contextmanager
    def slurm_conf_with(cls, lines: str, *apply: str):
        """slurmctld with more lines at the end of its configuration, where the last of two counts."""
        try:
            written = cls.cluster.run("ctl", ["sh", "-c", APPEND, SLURM_CONF], stdin=lines)
            assert written.code == 0, written.stderr
            cls.cluster.out("ctl", list(apply))
            yield
        finally:
            cls.cluster.run("ctl", ["mv", f"{SLURM_CONF}.before", SLURM_CONF])
            cls.cluster.run("ctl", list(apply))

    @classmethod
    def states(cls) -> dict[str, str]:
        """What the page says of each source: up, or why its last poll failed."""
        with contextlib.suppress(OSError):
            page = cls.exporter.read()
            failing = {
                dict(labels)["source"]: dict(labels)["reason"] for labels in page.family("edctl_slurm_poll_failing")
            }
            up = {dict(labels)["source"]: value for labels, value in page.family("edctl_slurm_up").items()}
            return {source: failing.get(source, "up" if value else "down") for source, value in up.items()}
        return {}
