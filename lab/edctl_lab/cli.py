"""The command line: words to calls, errors to exit codes."""

import argparse
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from . import image, lifecycle, lock, nodes, publish, repo, shell, ssh, status
from .errors import LabError
from .settings import Lab, find_lab

USAGE_ERROR = 2
LAB_ERROR = 3
DESCRIPTION = "Runs a Slurm cluster of systemd nodes (ctl, w1, w2 ...) on this one machine."
EPILOG = """\
environment:
  EDCTL_LAB_NAME    the lab's name (default: lab)
  EDCTL_LAB_DIR     its directory (default: /var/lib/edctl-NAME); 'down' deletes it
  EDCTL_LAB_CACHE   the built images (default: /var/cache/edctl-lab)

exit codes: 0 done, 2 wrong usage, 3 the lab could not; 'run' gives the command's own."""


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one subcommand."""
    arguments = build_parser().parse_args(argv)
    try:
        lab = find_lab(arguments.name)
        require_root()
        return arguments.handler(lab, arguments)
    except LabError as error:
        print(error, file=sys.stderr)
        return LAB_ERROR
    except KeyboardInterrupt:
        print("lab: interrupted; 'lab up' goes on, 'lab down' cleans up", file=sys.stderr)
        return 130


def require_root() -> None:
    """Namespaces, mounts and cgroups are root's."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root", "it makes namespaces, mounts and cgroups", "run it with sudo")


def build_parser() -> argparse.ArgumentParser:
    """All subcommands and their help."""
    raw = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser("lab", description=DESCRIPTION, epilog=EPILOG, formatter_class=raw)
    parser.add_argument("--name", help="which lab, where there are several")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    def command(name: str, handler, text: str) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        added.set_defaults(handler=handler)
        return added

    up = command("up", run_up, "bring all nodes up; does nothing when they are")
    up.add_argument("--nodes", type=int, help="how many, ctl included (default 3)")
    up.add_argument(
        "--cpus",
        type=int,
        help="CPUs of each node (default: all of this machine; shared, not reserved)",
    )
    up.add_argument("--memory", type=parse_memory, metavar="SIZE", help="memory limit of each node: MiB, or 4G")
    up.add_argument("--subnet", help="the lab's network (default 10.77.0.0/24)")

    command("down", run_down, "remove every process, mount, interface, cgroup and file of the lab")

    show = command("status", run_status, "say what runs; exit code 0 only when the lab is whole")
    show.add_argument("-o", "--output", choices=("human", "json"), default="human")

    enter = command("shell", run_shell, "open a root shell in a node")
    enter.add_argument("node")
    enter.add_argument("--user", help="as this user of the node")

    execute = command("run", run_run, "run a command in a node and give its exit code")
    execute.add_argument("--user", help="as this user of the node, in its home")
    execute.add_argument("node")
    execute.add_argument("command", nargs=argparse.REMAINDER, help="the command and its words; no shell in between")

    open_ports = command("publish", run_publish, "make ctl's services reachable on 127.0.0.1 of this machine")
    open_ports.add_argument("--stop", action="store_true", help="take them off again")

    add = command("repo", run_repo, "put .deb files into the repository that nodes see at /srv/edctl/apt")
    add.add_argument("packages", nargs="*", type=Path, metavar="DEB", help="none: only write the index again")

    build = command("image", run_image, "build the nodes' root image if it is missing, and say where it is")
    choice = build.add_mutually_exclusive_group()
    choice.add_argument("--rebuild", action="store_true", help="build it again, with today's packages")
    choice.add_argument("--remove", action="store_true", help="delete all cached images")

    config = command("ssh-config", run_ssh_config, "print an ssh config that knows the nodes")
    config.add_argument("--path", action="store_true", help="print only where the file is (for ssh -F)")
    hosts = command("inventory", run_inventory, "print Ansible's inventory of the nodes")
    hosts.add_argument("--path", action="store_true", help="print only where the file is (for ansible -i)")
    return parser


def parse_memory(text: str) -> int:
    """MiB from '4096', '4096M' or '4G'."""
    match = re.fullmatch(r"(\d+)([MG]?)", text)
    if not match:
        raise argparse.ArgumentTypeError(f"'{text}' is no size; give MiB (4096) or 4G")
    return int(match[1]) * (1024 if match[2] == "G" else 1)


def run_up(lab: Lab, arguments: argparse.Namespace) -> int:
    wish = lifecycle.Wish(arguments.nodes, arguments.cpus, arguments.memory, arguments.subnet)
    lifecycle.up(lab, wish)
    return 0


def run_down(lab: Lab, _: argparse.Namespace) -> int:
    lifecycle.down(lab)
    return 0


def run_status(lab: Lab, arguments: argparse.Namespace) -> int:
    state = status.collect(lab)
    print(status.render(state, arguments.output))
    return 0 if state["up"] else LAB_ERROR


def run_shell(lab: Lab, arguments: argparse.Namespace) -> int:
    node = lab.require_spec().node(arguments.node)
    nodes.replace_with(lab, node, ["bash", "-l"], arguments.user)
    return 0


def run_run(lab: Lab, arguments: argparse.Namespace) -> int:
    words = arguments.command
    if words[:1] == ["--"]:
        words = words[1:]
    if not words:
        raise LabError("no command to run", "", "lab run NODE CMD...")
    nodes.replace_with(lab, lab.require_spec().node(arguments.node), words, arguments.user)
    return 0


def run_publish(lab: Lab, arguments: argparse.Namespace) -> int:
    if arguments.stop:
        publish.stop(lab)
    else:
        print(publish.render(publish.publish(lab)))
    return 0


def run_repo(lab: Lab, arguments: argparse.Namespace) -> int:
    lab.require_spec()
    with lock.hold(lab):
        print("\n".join(repo.add(lab, arguments.packages)))
    return 0


def run_image(lab: Lab, arguments: argparse.Namespace) -> int:
    if arguments.remove:
        image.remove_cache(lab)
        shell.say(f"image: {lab.cache_dir} is deleted")
    else:
        print(image.image_dir(lab, image.ensure(lab, rebuild=arguments.rebuild)))
    return 0


def run_ssh_config(lab: Lab, arguments: argparse.Namespace) -> int:
    lab.require_spec()
    print_file(ssh.config_file(lab), arguments.path)
    return 0


def run_inventory(lab: Lab, arguments: argparse.Namespace) -> int:
    lab.require_spec()
    print_file(ssh.inventory_file(lab), arguments.path)
    return 0


def print_file(path: Path, only_path: bool) -> None:
    """Prints a file, or where it is."""
    print(path if only_path else path.read_text().rstrip("\n"))
