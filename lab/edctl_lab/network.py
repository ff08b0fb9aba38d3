"""The lab's network: a namespace with a bridge, and one cable to the host.

The namespace is pinned by a bind mount in the lab's directory (not in /run/netns, which `ip netns`
would leave behind as a mount). The host's own routing and firewall are not touched: nodes reach
each other and the host, and nothing else.
"""

import ipaddress
import json

from . import mounts, shell
from .errors import LabError
from .settings import Lab, Spec

BRIDGE = "br0"
UPLINK = "uplink"


def check_subnet(lab: Lab, subnet: str) -> None:
    """Refuses a subnet that this machine already uses for something else."""
    try:
        wanted = ipaddress.IPv4Network(subnet)
    except ValueError as error:
        raise LabError(f"'{subnet}' is no IPv4 network", str(error), "give one like 10.78.0.0/24") from error
    if wanted.prefixlen > 25:
        raise LabError(f"the subnet {subnet} is too small", "", "give a /24")
    for route in json.loads(shell.run(["ip", "-json", "-4", "route", "show"]) or "[]"):
        if route.get("dev") == lab.kernel_name or route["dst"] == "default":
            continue
        if wanted.overlaps(ipaddress.IPv4Network(route["dst"], strict=False)):
            raise LabError(
                f"the subnet {subnet} is taken",
                f"this machine routes {route['dst']} to {route.get('dev', 'nowhere')}",
                "choose another one: lab up --subnet 10.78.0.0/24",
            )


def ensure(lab: Lab, spec: Spec) -> None:
    """Makes the namespace, the bridge and the cable; what is there already stays."""
    if not is_pinned(lab):
        lab.netns_file.touch()
        shell.run(["unshare", f"--net={lab.netns_file}", "true"])
    if not in_namespace_succeeds(lab, ["ip", "link", "show", BRIDGE]):
        run_in_namespace(lab, ["ip", "link", "add", BRIDGE, "type", "bridge"])
    run_in_namespace(lab, ["ip", "link", "set", "lo", "up"])
    run_in_namespace(lab, ["ip", "link", "set", BRIDGE, "up"])
    ensure_cable(lab, spec)


def ensure_cable(lab: Lab, spec: Spec) -> None:
    """One veth pair: the host's end has the first address, the other is a port of the bridge."""
    host_end = lab.kernel_name
    if not shell.succeeds(["ip", "link", "show", host_end]):
        cable = ["ip", "link", "add", host_end, "type", "veth", "peer", "name", UPLINK]
        shell.run([*cable, "netns", lab.netns_file])
    run_in_namespace(lab, ["ip", "link", "set", UPLINK, "master", BRIDGE, "up"])
    address = f"{spec.host_address()}/{spec.network().prefixlen}"
    shell.run(["ip", "address", "replace", address, "dev", host_end])
    shell.run(["ip", "link", "set", host_end, "up"])


def remove(lab: Lab) -> None:
    """Removes the cable and the namespace; the bridge goes with it."""
    if shell.succeeds(["ip", "link", "show", lab.kernel_name]):
        shell.run(["ip", "link", "delete", lab.kernel_name])
    while is_pinned(lab):
        shell.run(["umount", lab.netns_file])


def is_up(lab: Lab) -> bool:
    """True when the namespace and the host's end of the cable are there."""
    return is_pinned(lab) and shell.succeeds(["ip", "link", "show", lab.kernel_name, "up"])


def is_pinned(lab: Lab) -> bool:
    """True when the namespace is bound to its file."""
    return str(lab.netns_file.resolve()) in mounts.mount_points()


def enter_argv(lab: Lab) -> list[str]:
    """The words that put a command into the lab's network; `ip netns exec` hides the cgroups."""
    return ["nsenter", f"--net={lab.netns_file}", "--"]


def run_in_namespace(lab: Lab, argv: list[str]) -> str:
    """Runs a short command in the lab's network."""
    return shell.run([*enter_argv(lab), *argv])


def in_namespace_succeeds(lab: Lab, argv: list[str]) -> bool:
    """True when the command exits 0 in the lab's network."""
    return shell.succeeds([*enter_argv(lab), *argv])
