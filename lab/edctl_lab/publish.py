"""Makes services of ctl reachable on 127.0.0.1 of the host, for its browser."""

import json
import subprocess
import time
from pathlib import Path

from . import cgroups, lock, network, shell
from .errors import LabError
from .settings import SOURCE_DIR, Lab

UNIT = "publish"
SERVICES = {
    "prometheus": 9090,
    "pushgateway": 9091,
    "edctl-agent": 9810,
    "edctl-exporter-slurm": 9811,
    "edctl-exporter-process": 9812,
    "edctl-drainer": 9813,
}
START_TIMEOUT_SECS = 10


def publish(lab: Lab) -> list[dict]:
    """Starts the forwarder, unless it runs; returns what is reachable where."""
    with lock.hold(lab):
        spec = lab.require_spec()
        if not network.is_up(lab):
            raise LabError("the lab has no network", "it was not brought up whole", "run 'lab up'")
        unit = cgroups.unit(lab.kernel_name, UNIT)
        if not unit.pids():
            unit.remove()
            lab.published_file.unlink(missing_ok=True)
            controller = spec.node_list()[0].address
            rules = [f"{name}={port}:{controller}:{port}" for name, port in SERVICES.items()]
            log = lab.dir / "publish.log"
            process = unit.start(cgroups.Start([SOURCE_DIR / "forward", lab.published_file, *rules], log))
            wait_published(lab, process, log)
    return published(lab)


def wait_published(lab: Lab, process: subprocess.Popen[bytes], log: Path) -> None:
    """The forwarder writes its result file once all ports are bound."""
    deadline = time.monotonic() + START_TIMEOUT_SECS
    while not lab.published_file.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise LabError("the ports could not be published", log.read_text().strip() or "no answer")
        time.sleep(0.05)


def stop(lab: Lab) -> None:
    """Takes the ports off 127.0.0.1 again."""
    with lock.hold(lab):
        lab.require_spec()
        cgroups.unit(lab.kernel_name, UNIT).remove()
        lab.published_file.unlink(missing_ok=True)
    shell.say(f"lab '{lab.name}': nothing is published")


def published(lab: Lab) -> list[dict]:
    """What is reachable now; nothing when the forwarder does not run."""
    if not lab.published_file.exists() or not cgroups.unit(lab.kernel_name, UNIT).pids():
        return []
    return [
        {**entry, "url": f"http://127.0.0.1:{entry['port']}/"} for entry in json.loads(lab.published_file.read_text())
    ]


def render(entries: list[dict]) -> str:
    """One line per service; a port that had to move says so."""
    lines = []
    for entry in entries:
        moved = "" if entry["port"] == entry["wanted"] else f"   (port {entry['wanted']} of this machine is taken)"
        lines.append(f"{entry['name']:<24}{entry['url']}{moved}")
    return "\n".join(lines)
