"""Names, paths and addresses of one lab, and the choices that `up` was given."""

import dataclasses
import ipaddress
import json
import os
import re
import zlib
from pathlib import Path

from .errors import LabError

SOURCE_DIR = Path(__file__).resolve().parent.parent
DEFAULT_NAME = "lab"
NAME_PATTERN = re.compile(r"[a-z][a-z0-9]{0,7}")  # it becomes part of a 15-character interface name
FIRST_NODE_HOST_NUMBER = 10
MAX_NODES = 64


@dataclasses.dataclass(frozen=True)
class Node:
    """One machine of the lab."""

    name: str
    address: str


@dataclasses.dataclass(frozen=True)
class Spec:
    """What `up` was asked for; kept in lab.json while the lab lives."""

    nodes: int
    cpus: int
    memory_mib: int
    subnet: str
    image: str

    def network(self) -> ipaddress.IPv4Network:
        """The lab's own network."""
        return ipaddress.IPv4Network(self.subnet)

    def host_address(self) -> str:
        """The host's end, seen from the nodes."""
        return str(self.network()[1])

    def node_list(self) -> list[Node]:
        """ctl first, then the workers."""
        names = ["ctl", *(f"w{number}" for number in range(1, self.nodes))]
        first = FIRST_NODE_HOST_NUMBER
        return [Node(name, str(self.network()[first + i])) for i, name in enumerate(names)]

    def node(self, name: str) -> Node:
        """The node of that name."""
        for node in self.node_list():
            if node.name == name:
                return node
        known = ", ".join(node.name for node in self.node_list())
        raise LabError(f"there is no node '{name}'", f"the nodes of this lab are {known}")


@dataclasses.dataclass(frozen=True)
class Lab:
    """Where one lab keeps its things, on disk and in the kernel."""

    name: str
    dir: Path
    cache_dir: Path

    @property
    def kernel_name(self) -> str:
        """The name of the host's interface and of the cgroup."""
        return f"edctl-{self.name}"

    @property
    def marker_file(self) -> Path:
        """Says that the directory is a lab's and may be deleted."""
        return self.dir / ".edctl-lab"

    @property
    def spec_file(self) -> Path:
        return self.dir / "lab.json"

    @property
    def netns_file(self) -> Path:
        return self.dir / "netns"

    @property
    def apt_dir(self) -> Path:
        return self.dir / "apt"

    @property
    def home_dir(self) -> Path:
        return self.dir / "home"

    @property
    def ssh_dir(self) -> Path:
        return self.dir / "ssh"

    @property
    def published_file(self) -> Path:
        return self.dir / "published.json"

    def node_dir(self, node: Node) -> Path:
        return self.dir / "nodes" / node.name

    def default_subnet(self) -> str:
        """10.77.0.0/24 for the default lab; another name gets another third octet."""
        octet = 0 if self.name == DEFAULT_NAME else 1 + zlib.crc32(self.name.encode()) % 254
        return f"10.77.{octet}.0/24"

    def load_spec(self) -> Spec | None:
        """The spec of a lab that was brought up, if there is one."""
        try:
            text = self.spec_file.read_text()
        except FileNotFoundError:
            return None
        try:
            return Spec(**json.loads(text))
        except (ValueError, TypeError) as error:
            raise LabError(f"{self.spec_file} is not readable", str(error), "run 'lab down', then 'lab up'") from error

    def require_spec(self) -> Spec:
        """The spec, or an error that says how to get a lab."""
        spec = self.load_spec()
        if spec is None:
            raise LabError(f"the lab '{self.name}' is not up", f"no {self.spec_file}", "run 'lab up'")
        return spec

    def save_spec(self, spec: Spec) -> None:
        """Writes lab.json in one step."""
        write_atomically(self.spec_file, json.dumps(dataclasses.asdict(spec), indent=2) + "\n")


def find_lab(name: str | None) -> Lab:
    """The lab that the command line and the environment name."""
    chosen = name or os.environ.get("EDCTL_LAB_NAME") or DEFAULT_NAME
    if not NAME_PATTERN.fullmatch(chosen):
        raise LabError(
            f"'{chosen}' cannot be a lab's name",
            "",
            "use a letter and up to 7 letters or digits, a-z 0-9",
        )
    lab_dir = os.environ.get("EDCTL_LAB_DIR") or f"/var/lib/edctl-{chosen}"
    cache_dir = os.environ.get("EDCTL_LAB_CACHE") or "/var/cache/edctl-lab"
    return Lab(chosen, Path(lab_dir).absolute(), Path(cache_dir).absolute())


def write_atomically(path: Path, text: str, mode: int = 0o644) -> None:
    """A reader, and a crash, sees the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
    fresh.rename(path)
