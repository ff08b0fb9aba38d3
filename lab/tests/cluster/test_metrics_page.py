"""docs/metrics.md against the pages that the cluster's daemons serve."""

import re

from edctl_cluster.rollout import REPOSITORY

from .case import ClusterTest

PAGES = (("ctl", 9811), ("w1", 9810), ("w1", 9812))


class MetricsPage(ClusterTest):
    def test_every_family_that_is_served_stands_in_the_documentation(self) -> None:
        text = (REPOSITORY / "docs/metrics.md").read_text()
        names = re.findall(r"`([a-z]+_[a-z0-9_<>A-Z]+)`", text)
        known = re.compile("|".join(name.replace("<field>", r"\w+") for name in names))
        for node, port in PAGES:
            page = self.cluster.out(node, ["curl", "-sSf", f"http://127.0.0.1:{port}/metrics"])
            families = re.findall(r"^# TYPE (\S+)", page, re.MULTILINE)
            self.assertGreater(len(families), 10, page)
            unknown = [name for name in families if not known.fullmatch(name)]
            self.assertEqual(unknown, [], f"not in docs/metrics.md, from port {port} of {node}")
