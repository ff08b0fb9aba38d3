"""The demo's last screen: what the cluster, Prometheus and the runs say, asked just now."""

import contextlib

from .cluster import Cluster, wait_until

USABLE_STATES = {"idle", "mixed", "allocated", "completing"}
TARGETS = 10


def settle(cluster: Cluster) -> None:
    """Gives nodes and targets that were just started their moment; the screen says what stayed."""
    with contextlib.suppress(AssertionError):
        wait_until(
            "nodes and targets",
            lambda: not unusable(cluster.node_states()) and count_up(cluster.query("up")) == TARGETS,
        )


def render(cluster: Cluster, runs: list[str]) -> tuple[str, list[str]]:
    """The screen, and what is wrong on it; an empty list means that all is well."""
    wrong: list[str] = []
    lines = ["", "edctl demo", "=========="]
    lines += render_nodes(cluster, wrong)
    lines += render_targets(cluster, wrong)
    lines += render_runs(cluster, runs, wrong)
    lines += ["", "Where to look next"]
    lines += [
        f"  {command:<52} {what}"
        for command, what in (
            (f"{cluster.prometheus()}/targets", "Prometheus: what is scraped"),
            ("lab/lab shell ctl --user designer", "a designer's shell; then, in ~/eda-flows:"),
            ("  edctl list", "the runs"),
            ("  edctl submit --flow=sim --profile=latency --wait", "one more run"),
            ("lab/lab run w1 edctl-agent status", "what an admin sees of a node"),
            ("make demo-down", "take it all away"),
        )
    ]
    return "\n".join(lines) + "\n", wrong


def render_nodes(cluster: Cluster, wrong: list[str]) -> list[str]:
    states = cluster.node_states()
    bad = unusable(states)
    if bad or not states:
        wrong.append(
            f"nodes that are not usable: {', '.join(bad) or 'Slurm tells of none'}; why: lab/lab run ctl sinfo -R"
        )
    listed = ", ".join(f"{name} {state}" for name, state in sorted(states.items()))
    return [f"Slurm nodes    {len(states) - len(bad)} of {len(states)} idle or mixed ({listed})"]


def unusable(states: dict[str, str]) -> list[str]:
    return sorted(name for name, state in states.items() if state not in USABLE_STATES)


def render_targets(cluster: Cluster, wrong: list[str]) -> list[str]:
    series = cluster.query("up")
    up = count_up(series)
    if up != TARGETS or len(series) != TARGETS:
        down = [f"{one['metric']['job']} on {one['metric']['instance']}" for one in series if one["value"][1] != "1"]
        wrong.append(
            f"{up} of {len(series)} targets are up, expected {TARGETS}; down: "
            f"{', '.join(down) or 'none'}; why: {cluster.prometheus()}/targets"
        )
    return [f"Prometheus     {up} of {TARGETS} targets up"]


def count_up(series: list[dict]) -> int:
    return sum(1 for one in series if one["value"][1] == "1")


def render_runs(cluster: Cluster, runs: list[str], wrong: list[str]) -> list[str]:
    lines = []
    for run in runs:
        status = cluster.edctl_json("status", run)
        for stage in status["stages"]:
            if stage["state"] != "passed":
                wrong.append(f"run {run}, stage {stage['name']}: {stage['state']}; its log on ctl: {stage['log']}")
            lines.append(f"{stage['name']:<14} {stage['state']} {stage['summary']}")
            lines.append(f"{'':<14} {where_and_how_long(stage)}, run {run}")
    return lines


def where_and_how_long(stage: dict) -> str:
    """A job that never started has no node and no duration."""
    if not {"job_id", "node", "started_unix_ms", "ended_unix_ms"} <= stage.keys():
        return f"job {stage.get('job_id', 'never submitted')}, it never ran"
    seconds = (stage["ended_unix_ms"] - stage["started_unix_ms"]) / 1000
    return f"job {stage['job_id']} on {stage['node']}, {seconds:.1f} s"
