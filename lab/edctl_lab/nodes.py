"""The nodes: start them, find their PID 1, wait until they answer, run commands in them."""

import os
import socket
import subprocess
import time
from pathlib import Path

from . import cgroups, disk, image, network, shell
from .errors import LabError
from .settings import SOURCE_DIR, Lab, Node, Spec

BOOT_TIMEOUT_SECS = 300
POLL_SECS = 0.2
ANSWER_TIMEOUT_SECS = 15
SSH_PORT = 22
SSH_TIMEOUT_SECS = 5  # a node on a busy machine takes its time
CLEAN_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
UP_STATES = ("running", "degraded")


def unit(lab: Lab, node: Node) -> cgroups.Unit:
    """The group of processes that is the node."""
    return cgroups.unit(lab.kernel_name, node.name)


def leader(lab: Lab, node: Node) -> int | None:
    """The node's PID 1 as the host numbers it; None when the node does not run."""
    for pid in unit(lab, node).pids():
        if is_node_init(pid):
            return pid
    return None


def is_node_init(pid: int) -> bool:
    """True for PID 1 of a PID namespace directly below the host's."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    return fields["NSpid"].split()[1:] == ["1"] and not fields["State"].startswith("Z")


def ensure_started(lab: Lab, spec: Spec, node: Node) -> None:
    """Starts a node that does not run; one that died half-way is cleared away first."""
    if leader(lab, node) is not None:
        return
    unit(lab, node).remove()
    disk.ensure(lab, spec, node)
    node_dir = lab.node_dir(node)
    base = image.image_dir(lab, spec.image)
    launch = [SOURCE_DIR / "launch-node", node.name, base, node_dir, lab.apt_dir, lab.home_dir]
    argv = [
        *network.enter_argv(lab),
        *("unshare", "--mount", "--propagation", "private", "--", *launch),
    ]
    limits = cgroups.Limits(cpus=spec.cpus, memory_mib=spec.memory_mib)
    unit(lab, node).start(cgroups.Start(argv, node_dir / "console.log", limits))


def wait_ready(lab: Lab, node: Node) -> None:
    """Returns when systemd has booted and sshd answers; a failed unit is only reported."""
    deadline = time.monotonic() + BOOT_TIMEOUT_SECS
    while (state := system_state(lab, node)) not in UP_STATES:
        if not unit(lab, node).pids():
            raise LabError(f"node {node.name} stopped while it booted", console_tail(lab, node))
        check_deadline(deadline, lab, node, f"systemd says '{state}'")
    while not ssh_answers(node):
        check_deadline(deadline, lab, node, f"nothing answers on {node.address}:{SSH_PORT}")
    if state == "degraded":
        shell.say(f"{node.name}: up, but these units failed: {', '.join(failed_units(lab, node))}")


def check_deadline(deadline: float, lab: Lab, node: Node, symptom: str) -> None:
    """Waits a little, or gives up with what the node's console said last."""
    if time.monotonic() > deadline:
        why = f"{symptom} after {BOOT_TIMEOUT_SECS} s; {console_tail(lab, node)}"
        raise LabError(f"node {node.name} did not come up", why, f"read {lab.node_dir(node) / 'console.log'}")
    time.sleep(POLL_SECS)


def console_tail(lab: Lab, node: Node) -> str:
    """The last words of a node's console."""
    log = lab.node_dir(node) / "console.log"
    return f"its console ends with:\n           {image.last_lines(log)}" if log.exists() else "no console yet"


def system_state(lab: Lab, node: Node) -> str:
    """systemd's own word, or 'stopped' without a PID 1, or 'no answer'."""
    pid = leader(lab, node)
    if pid is None:
        return "stopped"
    return ask(pid, ["systemctl", "is-system-running"]).strip() or "no answer"


def failed_units(lab: Lab, node: Node) -> list[str]:
    """Names of the units that systemd calls failed."""
    pid = leader(lab, node)
    if pid is None:
        return []
    listing = ask(pid, ["systemctl", "list-units", "--failed", "--plain", "--no-legend"])
    return [line.split()[0] for line in listing.splitlines() if line.strip()]


def ssh_answers(node: Node) -> bool:
    """True when sshd sends its banner."""
    try:
        with socket.create_connection((node.address, SSH_PORT), timeout=SSH_TIMEOUT_SECS) as connection:
            return connection.recv(4) == b"SSH-"
    except OSError:
        return False


def enter_argv(pid: int) -> list[str]:
    """The words that put a command into a node, with a clean environment.

    A shell waits for the command, not nsenter: that one stops itself for good when a node that
    powers off stops its processes before it kills them.
    """
    terminal = os.environ.get("TERM", "dumb")
    environment = [f"PATH={CLEAN_PATH}", "LANG=C.UTF-8", f"TERM={terminal}"]
    waiting_shell = ["/bin/sh", "-c", '"$@"; exit $?', "sh"]
    return [
        *("nsenter", f"--target={pid}", "--all", "--no-fork", "--", *waiting_shell),
        *("env", "-i", *environment, "HOME=/root", "USER=root"),
    ]


def ask(pid: int, command: list[str]) -> str:
    """What a short command in a node prints; nothing when the node does not answer in time."""
    try:
        done = subprocess.run(
            [*enter_argv(pid), *command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=ANSWER_TIMEOUT_SECS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ""
    return done.stdout


def replace_with(lab: Lab, node: Node, command: list[str], user: str | None) -> None:
    """Becomes a command in a node: its exit code is ours, and it lives in the node's cgroups."""
    pid = leader(lab, node)
    if pid is None:
        raise LabError(f"node {node.name} does not run", "", "run 'lab up' to start it again")
    if user is not None:
        command = ["runuser", "-u", user, "--", "sh", "-c", LOGIN_SCRIPT, "sh", *command]
    cgroups.join_cgroups_of(pid)
    words = [*enter_argv(pid), *command]
    os.execvp(words[0], words)


# runuser keeps root's environment; a user's command expects its own HOME and starts there.
LOGIN_SCRIPT = (
    'USER=$(id -un) && LOGNAME=$USER && HOME=$(getent passwd "$USER" | cut -d: -f6) && '
    'export USER LOGNAME HOME && cd "$HOME" && exec "$@"'
)
