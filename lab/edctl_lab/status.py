"""What is there now: the lab, its nodes, its published ports."""

import dataclasses
import json

from . import cgroups, network, nodes, publish
from .settings import Lab, Node


def collect(lab: Lab) -> dict:
    """The whole state as plain data; a lab that is not up has no nodes."""
    spec = lab.load_spec()
    state = {
        "name": lab.name,
        "dir": str(lab.dir),
        "up": False,
        "nodes": [],
        "published": publish.published(lab),
    }
    if spec is None:
        return state | {"leftovers": cgroups.leftover_units(lab.kernel_name)}
    states = [node_state(lab, node) for node in spec.node_list()]
    whole = network.is_up(lab) and all(entry["state"] in nodes.UP_STATES and entry["ssh"] for entry in states)
    return state | dataclasses.asdict(spec) | {"up": whole, "nodes": states}


def node_state(lab: Lab, node: Node) -> dict:
    """One node: systemd's word, its failed units, whether sshd answers."""
    return {
        "name": node.name,
        "address": node.address,
        "state": nodes.system_state(lab, node),
        "failed_units": nodes.failed_units(lab, node),
        "ssh": nodes.ssh_answers(node),
        "leader_pid": nodes.leader(lab, node),
    }


def render(state: dict, output: str) -> str:
    """For people, or with -o json for programs."""
    if output == "json":
        return json.dumps(state, indent=2)
    if not state["nodes"]:
        leftovers = state["leftovers"]
        return f"lab '{state['name']}' is not up" + (f"; left over: {', '.join(leftovers)}" if leftovers else "")
    lines = [
        f"lab '{state['name']}' is {'up' if state['up'] else 'NOT whole: run lab up'}"
        f" ({state['cpus']} CPUs and {state['memory_mib']} MiB a node, {state['dir']})"
    ]
    for node in state["nodes"]:
        failed = f"   failed: {', '.join(node['failed_units'])}" if node["failed_units"] else ""
        door = "ssh" if node["ssh"] else "no ssh"
        lines.append(f"  {node['name']:<6}{node['address']:<16}{node['state']:<14}{door}{failed}")
    if state["published"]:
        lines += [
            "published:",
            *("  " + line for line in publish.render(state["published"]).splitlines()),
        ]
    return "\n".join(lines)
