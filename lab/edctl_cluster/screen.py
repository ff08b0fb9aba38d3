"""The demo's last screen: what the cluster, Prometheus and the runs say, asked just now."""

from .cluster import Cluster

USABLE_STATES = {"idle", "mixed", "allocated", "completing"}
TARGETS = 9


def render(cluster: Cluster, runs: list[str]) -> tuple[str, list[str]]:
    """The screen, and what is wrong on it; an empty list means that all is well."""
    wrong: list[str] = []
    lines = ["", "edctl demo", "=========="]
    lines += render_nodes(cluster, wrong)
    lines += render_targets(cluster, wrong)
    lines += render_runs(cluster, runs, wrong)
    lines += ["", "Where to look next"]
    lines += [f"  {command:<52} {what}" for command, what in (
        (f"{cluster.prometheus()}/targets", "Prometheus: what is scraped"),
        ("lab/lab shell ctl --user designer", "a designer's shell; then, in ~/eda-flows:"),
        ("  edctl list", "the runs"),
        ("  edctl submit --flow=sim --profile=latency --wait", "one more run"),
        ("lab/lab run w1 edctl-agent status", "what an admin sees of a node"),
        ("make demo-down", "take it all away"),
    )]
    return "\n".join(lines) + "\n", wrong


def render_nodes(cluster: Cluster, wrong: list[str]) -> list[str]:
    states = cluster.node_states()
    usable = {name for name, state in states.items() if state in USABLE_STATES}
    if len(usable) != len(states) or not states:
        wrong.append(f"nodes that are not usable: {sorted(set(states) - usable)}")
    listed = ", ".join(f"{name} {state}" for name, state in sorted(states.items()))
    return [f"Slurm nodes    {len(usable)} of {len(states)} idle or mixed ({listed})"]


def render_targets(cluster: Cluster, wrong: list[str]) -> list[str]:
    series = cluster.query("up")
    up = sum(1 for one in series if one["value"][1] == "1")
    if up != TARGETS or len(series) != TARGETS:
        down = [one["metric"] for one in series if one["value"][1] != "1"]
        wrong.append(f"{up} of {len(series)} targets are up, expected {TARGETS}; down: {down}")
    return [f"Prometheus     {up} of {TARGETS} targets up"]


def render_runs(cluster: Cluster, runs: list[str], wrong: list[str]) -> list[str]:
    lines = []
    for run in runs:
        status = cluster.edctl_json("status", run)
        for stage in status["stages"]:
            if stage["state"] != "passed":
                wrong.append(f"run {run}, stage {stage['name']}: {stage['state']}")
            seconds = (stage["ended_unix_ms"] - stage["started_unix_ms"]) / 1000
            lines.append(f"{stage['name']:<14} {stage['state']} {stage['summary']}")
            lines.append(f"{'':<14} job {stage['job_id']} on {stage['node']}, {seconds:.1f} s, "
                         f"run {run}")
    return lines
