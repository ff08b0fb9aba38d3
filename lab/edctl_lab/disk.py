"""What makes one node differ from its siblings: files laid over the image before it boots."""

import uuid

from . import ssh
from .settings import Lab, Node, Spec, write_atomically

NETWORK_FILE = "etc/systemd/network/10-host0.network"  # sorts before systemd's own 80-container-host0


def ensure(lab: Lab, spec: Spec, node: Node) -> None:
    """Makes a node's directories and identity; a disk that is whole already is left alone."""
    node_dir = lab.node_dir(node)
    for name in ("upper", "work", "root"):
        (node_dir / name).mkdir(parents=True, exist_ok=True)
    marker = node_dir / "seeded"
    if marker.exists():
        return
    upper = node_dir / "upper"
    write_atomically(upper / "etc/hostname", f"{node.name}\n")
    write_atomically(upper / "etc/machine-id", f"{uuid.uuid4().hex}\n", 0o444)
    write_atomically(upper / "etc/hosts", render_hosts(spec))
    write_atomically(upper / NETWORK_FILE, render_network(spec, node))
    ssh.install_keys(lab, node, upper)
    marker.touch()


def render_hosts(spec: Spec) -> str:
    """Every node knows every other one and the host, without DNS."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    lines += [f"{node.address} {node.name}" for node in spec.node_list()]
    lines.append(f"{spec.host_address()} lab-host")
    return "\n".join(lines) + "\n"


def render_network(spec: Spec, node: Node) -> str:
    """systemd-networkd's file for the node's one cable."""
    address = f"{node.address}/{spec.network().prefixlen}"
    return (
        "[Match]\nName=host0\nVirtualization=container\n\n"
        f"[Network]\nAddress={address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n"
    )


def ensure_shared(lab: Lab) -> None:
    """The directories that all nodes see: /home, as NFS would give it, and the packages."""
    for path in (lab.home_dir, lab.apt_dir):
        path.mkdir(parents=True, exist_ok=True)
