"""`up` and `down`: the order of the steps. Each step is idempotent, so both may follow a crash."""

import dataclasses
import os
import shutil
import time
from pathlib import Path

from . import cgroups, disk, image, lock, mounts, network, nodes, shell, ssh
from .errors import LabError
from .settings import MAX_NODES, Lab, Spec

COMMANDS = ("systemd-nspawn", "ip", "nsenter", "unshare", "mount", "umount", "ssh-keygen")
DEFAULT_NODES = 3
MIN_MEMORY_MIB = 512
STALE = "its nodes have the image of another checkout; 'lab down', then 'lab up' renews them"


@dataclasses.dataclass(frozen=True)
class Wish:
    """What the command line of `up` asked for; None means: as it is, or the default."""

    nodes: int | None = None
    cpus: int | None = None
    memory_mib: int | None = None
    subnet: str | None = None


def up(lab: Lab, wish: Wish) -> Spec:
    """Brings the lab up, or does nothing when it is up already."""
    shell.require_commands(COMMANDS)
    started = time.monotonic()
    with lock.hold(lab):
        spec = lab.load_spec()
        if spec is None:
            spec = new_spec(lab, wish)
            network.check_subnet(lab, spec.subnet)
            spec = dataclasses.replace(spec, image=image.ensure(lab))
            lab.save_spec(spec)
        else:
            refuse_changes(spec, wish)
            if is_stale(spec):
                shell.say(f"lab '{lab.name}': {STALE}")
            if is_whole(lab, spec):
                shell.say(f"lab '{lab.name}': already up")
                return spec
        build(lab, spec)
    shell.say(f"lab '{lab.name}': {spec.nodes} nodes up in {time.monotonic() - started:.0f} s")
    return spec


def build(lab: Lab, spec: Spec) -> None:
    """Makes what is missing, in the order in which one thing needs the other."""
    if not image.image_dir(lab, spec.image).is_dir():
        raise LabError(
            f"the lab's image {spec.image} is gone",
            f"not in {lab.cache_dir}",
            "run 'lab down', then 'lab up'",
        )
    network.ensure(lab, spec)
    ssh.ensure_files(lab, spec)
    disk.ensure_shared(lab)
    for node in spec.node_list():
        nodes.ensure_started(lab, spec, node)
    for node in spec.node_list():
        nodes.wait_ready(lab, node)
        shell.say(f"{node.name}: up at {node.address}")


def is_stale(spec: Spec) -> bool:
    """True when the nodes stand on an image that this checkout would build differently."""
    return spec.image != image.input_hash()


def is_whole(lab: Lab, spec: Spec) -> bool:
    """True when nothing is left to do."""
    states = [nodes.system_state(lab, node) for node in spec.node_list()]
    answers = [nodes.ssh_answers(node) for node in spec.node_list()]
    return network.is_up(lab) and all(answers) and all(state in nodes.UP_STATES for state in states)


def new_spec(lab: Lab, wish: Wish) -> Spec:
    """Fills a wish with defaults that fit this machine, and checks it."""
    count = wish.nodes if wish.nodes is not None else DEFAULT_NODES
    if not 2 <= count <= MAX_NODES:
        raise LabError(
            f"a lab cannot have {count} nodes",
            "ctl and at least one worker",
            f"give 2 to {MAX_NODES}",
        )
    host_cpus = len(os.sched_getaffinity(0))
    cpus = wish.cpus if wish.cpus is not None else host_cpus
    if not 1 <= cpus <= host_cpus:
        raise LabError(
            f"a node cannot have {cpus} CPUs", f"this machine has {host_cpus} and nodes share them",
            f"give --cpus 1 to {host_cpus}",
        )  # fmt: skip
    host_memory = host_memory_mib()
    memory = wish.memory_mib if wish.memory_mib is not None else default_memory_mib(host_memory)
    if not MIN_MEMORY_MIB <= memory <= host_memory:
        raise LabError(
            f"a node cannot have {memory} MiB", f"this machine has {host_memory} MiB",
            f"give --memory {MIN_MEMORY_MIB} to {host_memory}",
        )  # fmt: skip
    return Spec(count, cpus, memory, wish.subnet or lab.default_subnet(), image="")


def default_memory_mib(host_memory_mib: int) -> int:
    """4 GiB where there is plenty, half of a small machine: limits, not reservations."""
    return max(MIN_MEMORY_MIB, min(4096, host_memory_mib // 2))


def host_memory_mib() -> int:
    """MemTotal of this machine."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        if line.startswith("MemTotal:"):
            return int(line.split()[1]) // 1024
    raise LabError("this machine does not say how much memory it has", "no MemTotal in /proc/meminfo")


def refuse_changes(spec: Spec, wish: Wish) -> None:
    """A living lab keeps its shape."""
    for field in dataclasses.fields(wish):
        asked, is_now = getattr(wish, field.name), getattr(spec, field.name)
        if asked is not None and asked != is_now:
            raise LabError(
                f"the lab is up with {field.name}={is_now}, not {asked}",
                "a lab keeps the shape it was made with",
                "run 'lab down' first",
            )


def down(lab: Lab) -> None:
    """Removes every process, mount, interface, namespace, cgroup and file of the lab."""
    with lock.hold(lab):
        for name in cgroups.leftover_units(lab.kernel_name):
            cgroups.unit(lab.kernel_name, name).remove()
        cgroups.remove_group_root(lab.kernel_name)
        network.remove(lab)
        image.remove_partial(lab)
        remove_files(lab)
    shell.say(f"lab '{lab.name}': gone ('lab image --remove' deletes {lab.cache_dir} as well)")


def remove_files(lab: Lab) -> None:
    """Deletes the lab's directory; its marker goes last, so that a second try can finish."""
    below = [point for point in mounts.mount_points() if Path(point).is_relative_to(lab.dir.resolve())]
    if below:
        raise LabError(
            f"something is mounted below {lab.dir}",
            ", ".join(below),
            "umount it, then run 'lab down' again",
        )
    for path in lab.dir.iterdir():
        if path == lab.marker_file:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    lab.marker_file.unlink()
    lab.dir.rmdir()
