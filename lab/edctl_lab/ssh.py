"""The lab's SSH keys, and the config and inventory by which Ansible finds the nodes."""

import json
from pathlib import Path

from . import shell
from .settings import Lab, Node, Spec, write_atomically


def ensure_files(lab: Lab, spec: Spec) -> None:
    """Makes the keys once; writes known_hosts, ssh config and inventory to match the spec."""
    lab.ssh_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    ensure_key(user_key(lab), f"{lab.kernel_name}")
    for node in spec.node_list():
        ensure_key(host_key(lab, node), node.name)
    write_atomically(lab.ssh_dir / "known_hosts", render_known_hosts(lab, spec))
    write_atomically(config_file(lab), render_config(lab, spec))
    write_atomically(inventory_file(lab), render_inventory(lab, spec))


def ensure_key(path: Path, comment: str) -> None:
    """One ed25519 key pair without a passphrase; a half-written one is made again."""
    public = path.with_name(f"{path.name}.pub")
    if path.exists() and public.exists():
        return
    path.unlink(missing_ok=True)
    public.unlink(missing_ok=True)
    shell.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", path])


def install_keys(lab: Lab, node: Node, upper: Path) -> None:
    """Gives a node its host key, and root's door to the lab's key."""
    private = host_key(lab, node)
    public = private.with_name(f"{private.name}.pub")
    write_atomically(upper / "etc/ssh/ssh_host_ed25519_key", private.read_text(), 0o600)
    write_atomically(upper / "etc/ssh/ssh_host_ed25519_key.pub", public.read_text())
    for name in ("root", "root/.ssh"):
        (upper / name).mkdir(mode=0o700, exist_ok=True)
    authorized = user_key(lab).with_name(f"{user_key(lab).name}.pub").read_text()
    write_atomically(upper / "root/.ssh/authorized_keys", authorized, 0o600)


def user_key(lab: Lab) -> Path:
    return lab.ssh_dir / "id_ed25519"


def host_key(lab: Lab, node: Node) -> Path:
    return lab.ssh_dir / f"host-{node.name}"


def config_file(lab: Lab) -> Path:
    return lab.ssh_dir / "config"


def inventory_file(lab: Lab) -> Path:
    """Ansible's inventory; JSON is YAML, so its name ends as Ansible's YAML plugin wants."""
    return lab.dir / "inventory.yml"


def render_known_hosts(lab: Lab, spec: Spec) -> str:
    """Host keys are known beforehand, so that nobody has to switch the check off."""
    lines = []
    for node in spec.node_list():
        key = host_key(lab, node).with_name(f"host-{node.name}.pub").read_text().split()
        lines.append(f"{node.name},{node.address} {key[0]} {key[1]}")
    return "\n".join(lines) + "\n"


def render_config(lab: Lab, spec: Spec) -> str:
    """`ssh -F FILE w1` and Ansible use this."""
    hosts = "".join(f"Host {node.name}\n    HostName {node.address}\n" for node in spec.node_list())
    names = " ".join(node.name for node in spec.node_list())
    return (
        f"{hosts}Host {names} {spec.network().network_address.exploded.rsplit('.', 1)[0]}.*\n"
        "    User root\n"
        f"    IdentityFile {user_key(lab)}\n"
        "    IdentitiesOnly yes\n"
        f"    UserKnownHostsFile {lab.ssh_dir / 'known_hosts'}\n"
        "    StrictHostKeyChecking yes\n"
        "    LogLevel ERROR\n"
    )


def render_inventory(lab: Lab, spec: Spec) -> str:
    """Hosts, groups and what the nodes were given; Ansible's own variables stay in ansible/."""
    controller, *workers = spec.node_list()
    return (
        json.dumps(
            {
                "all": {
                    "vars": {
                        "ansible_user": "root",
                        "ansible_python_interpreter": "/usr/bin/python3",
                        "ansible_ssh_common_args": f"-F {config_file(lab)}",
                        "lab_dir": str(lab.dir),
                        "lab_node_cpus": spec.cpus,
                        "lab_node_memory_mib": spec.memory_mib,
                    },
                    "children": {
                        "slurm_master": {"hosts": render_hosts([controller])},
                        "slurm_worker": {"hosts": render_hosts(workers)},
                    },
                }
            },
            indent=2,
        )
        + "\n"
    )


def render_hosts(nodes: list[Node]) -> dict[str, dict[str, str]]:
    """A group's hosts with their addresses."""
    return {node.name: {"ansible_host": node.address} for node in nodes}
