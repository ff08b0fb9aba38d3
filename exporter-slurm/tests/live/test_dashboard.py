"""What Grafana's dashboard 4323 asks Prometheus for, it gets from the profile `vpenso`."""

import contextlib
import json
import pathlib
import shutil
import tempfile
import unittest
import urllib.parse
import urllib.request

from edctl_testkit.exporter import free_port, running
from edctl_testkit.slurm import Daemon
from support import HAS_SLURM, slurm, wait_until

PROMETHEUS = shutil.which("prometheus")
FAMILIES = {
    "slurm_cpus": ("total", "alloc", "idle", "other"),
    "slurm_gpus": ("total", "alloc", "idle", "other"),
    "slurm_nodes": ("alloc", "comp", "idle"),
    "-slurm_nodes": ("down", "drain", "err", "fail", "maint"),
    "slurm_queue": ("completing", "running", "pending", "completed"),
    "-slurm_queue": ("cancelled", "timeout", "failed", "node_fail", "suspended", "preempted"),
    "slurm_scheduler": (
        "threads",
        "queue_size",
        "last_cycle",
        "mean_cycle",
        "backfill_last_cycle",
        "backfill_mean_cycle",
        "backfill_depth_mean",
    ),
}
ALL_NODES = " + ".join(f"slurm_nodes_{word}" for word in ("alloc", "down", "drain", "idle", "mix", "comp", "maint"))


@unittest.skipUnless(HAS_SLURM and PROMETHEUS, "only root, with Slurm and Prometheus")
class Dashboard(unittest.TestCase):
    def test_each_expression_gives_one_value(self):
        expressions = [f"{family}_{word}" for family, words in FAMILIES.items() for word in words]
        with tempfile.TemporaryDirectory() as directory, contextlib.ExitStack() as stack:
            place = pathlib.Path(directory)
            cluster = stack.enter_context(slurm(place))
            cluster.run("sbatch", "--chdir=/", "--output=/dev/null", "--mem=100", "--wrap=sleep 600")
            cluster.run("scontrol", "update", "NodeName=n4", "State=DRAIN", "Reason=old")
            ask = self.prometheus(stack, place, self.exporter(stack, place, cluster))
            wait_until(lambda: ask("slurm_queue_running") == [1], "a job")
            for expression in expressions:
                self.assertEqual(len(ask(expression)), 1, expression)
            # A node counts once, whatever its flags: n1 has the job, n2 to n4 are down.
            self.assertEqual([ask(of) for of in ("slurm_nodes_mix", "-slurm_nodes_down", ALL_NODES)], [[1], [-3], [4]])

    def exporter(self, stack, place, cluster) -> int:
        port = free_port()
        config = place / "exporter.toml"
        config.write_text('[slurm]\nbackend = "cli"\nprofile = "vpenso"\ninterval_secs = 5\n')
        environment = f"SLURM_CONF={cluster.environment['SLURM_CONF']}"
        stack.enter_context(
            running(
                [
                    "env",
                    environment,
                    place / "exporter",
                    "--config",
                    config,
                    "--web.listen-address",
                    f"127.0.0.1:{port}",
                ],
                port,
            )
        )
        return port

    def prometheus(self, stack, place, scraped: int):
        """Starts one that scrapes this port; what is returned asks it, and returns the values."""
        port = free_port()
        config = place / "prometheus.yml"
        config.write_text(
            "scrape_configs: [{job_name: slurm, scrape_interval: 1s, "
            f"static_configs: [{{targets: ['127.0.0.1:{scraped}']}}]}}]"
        )

        def ask(expression: str) -> list:
            query = urllib.parse.urlencode({"query": expression})
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{query}") as answer:
                return [float(series["value"][1]) for series in json.load(answer)["data"]["result"]]

        def has_data() -> bool:
            with contextlib.suppress(OSError):
                return bool(ask("slurm_queue_running and on() slurm_nodes_idle and on() slurm_scheduler_threads"))
            return False

        stack.enter_context(
            Daemon(
                [
                    PROMETHEUS,
                    f"--config.file={config}",
                    f"--storage.tsdb.path={place}/tsdb",
                    f"--web.listen-address=127.0.0.1:{port}",
                ],
                has_data,
            )
        )
        return ask
