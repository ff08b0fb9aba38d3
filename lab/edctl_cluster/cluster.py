"""A running cluster, asked as its users would: commands on nodes, edctl's JSON, Prometheus."""

import http.client
import json
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from edctl_lab import publish
from edctl_lab.settings import Lab

from .rollout import DESIGNER, lab_command, lab_environment

FLOWS = f"/home/{DESIGNER}/eda-flows"
COMMAND_LIMIT_SECS = 600
POLL_SECS = 0.25
NOT_OVER = {"pending", "running", "unknown"}


@dataclass(frozen=True)
class Answer:
    """What a command on a node said."""

    code: int
    stdout: str
    stderr: str


class NoAnswer(AssertionError):
    """A service did not answer; it may be starting still, so `wait_until` asks again."""


class Cluster:
    """The lab's cluster. Nothing here is cached: every answer is read anew."""

    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def command(self, node: str, argv: list[str], user: str = "root") -> list[str]:
        """The host's command line that runs argv on a node."""
        return [str(lab_command()), "run", "--user", user, node, "--", *argv]

    def run(self, node: str, argv: list[str], user: str = "root", stdin: str = "") -> Answer:
        """Runs a command on a node."""
        done = subprocess.run(
            self.command(node, argv, user),
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=COMMAND_LIMIT_SECS,
            env=lab_environment(self.lab),
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def out(self, node: str, argv: list[str], user: str = "root") -> str:
        """The stdout of a command that must succeed."""
        answer = self.run(node, argv, user)
        if answer.code != 0:
            raise AssertionError(f"{argv} on {node}: exit code {answer.code}\n{answer.stdout}{answer.stderr}")
        return answer.stdout

    def start(self, node: str, argv: list[str], user: str = "root") -> subprocess.Popen[str]:
        """Starts a command on a node and leaves it running; its stdout can be read."""
        return subprocess.Popen(
            self.command(node, argv, user),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            errors="replace",
            env=lab_environment(self.lab),
        )

    def edctl(self, *arguments: str, flows: str = FLOWS) -> Answer:
        """edctl on ctl, as the designer."""
        return self.run("ctl", ["edctl", "-C", flows, *arguments], user=DESIGNER)

    def edctl_json(self, *arguments: str, flows: str = FLOWS) -> dict:
        """What `edctl ... -o json` prints, whatever its exit code says of the run."""
        answer = self.edctl(*arguments, "-o", "json", flows=flows)
        try:
            said = json.loads(answer.stdout)
        except ValueError as error:
            raise AssertionError(
                f"edctl {arguments}: exit code {answer.code}, no JSON\n{answer.stdout}{answer.stderr}"
            ) from error
        if said["schema"] == "edctl.error/v1":
            raise AssertionError(f"edctl {arguments}: exit code {answer.code}: {said['message']}")
        return said

    def submit(self, flow: str, *arguments: str, flows: str = FLOWS) -> str:
        """Submits a run and returns its id."""
        return self.edctl_json("submit", f"--flow={flow}", *arguments, flows=flows)["id"]

    def wait_for_verdict(self, run: str, flows: str = FLOWS, limit_secs: float = 300) -> dict:
        """The run's status once it is over."""
        deadline = time.monotonic() + limit_secs
        while (status := self.edctl_json("status", run, flows=flows))["state"] in NOT_OVER:
            if time.monotonic() > deadline:
                stage = status["stages"][0]
                raise AssertionError(
                    f"run {run} is not over after {limit_secs:.0f} s: "
                    f"{stage['name']} {stage['state']}, {stage['summary']}"
                )
            time.sleep(POLL_SECS)
        return status

    def node_states(self) -> dict[str, str]:
        """Slurm's nodes and their states."""
        lines = self.out("ctl", ["sinfo", "-h", "-N", "-o", "%N %T"]).splitlines()
        return dict(line.split() for line in lines)

    def sacct(self, job_id: int, *fields: str) -> list[dict[str, str]]:
        """A row for the job and for each of its steps; an array's rows are those of its tasks."""
        lines = self.out(
            "ctl", ["sacct", "-n", "-P", "--noconvert", "-j", str(job_id), "-o", ",".join(fields)]
        ).splitlines()
        return [dict(zip(fields, line.split("|"), strict=True)) for line in lines]

    def query(self, expression: str) -> list[dict]:
        """An instant query of the lab's Prometheus, from the host."""
        url = f"{self.prometheus()}/api/v1/query?{urllib.parse.urlencode({'query': expression})}"
        return json.loads(fetch(url))["data"]["result"]

    def prometheus(self) -> str:
        """Where the host's browser finds Prometheus."""
        for service in publish.published(self.lab):
            if service["name"] == "prometheus":
                return service["url"].rstrip("/")
        raise AssertionError("Prometheus is not published; run 'lab/lab publish'")


def fetch(url: str) -> str:
    """A page as this machine's browser gets it."""
    try:
        with urllib.request.urlopen(url, timeout=10) as response:
            return response.read().decode()
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(f"{url}: {error}") from error


def wait_until(what: str, condition: Callable[[], bool], limit_secs: float = 60) -> None:
    """Asks until the condition holds; it fails loudly after the limit."""
    deadline = time.monotonic() + limit_secs
    while True:
        trouble = ""
        try:
            if condition():
                return
        except NoAnswer as error:
            trouble = f"; {error}"
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {limit_secs:.0f} s: {what}{trouble}")
        time.sleep(POLL_SECS)
