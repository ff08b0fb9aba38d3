"""A Slurm of our own, for as long as a test or a benchmark needs it."""

import contextlib
import os
import pathlib
import re
import shutil
import signal
import string
import subprocess
import time

from edctl_testkit.exporter import free_port

# Longer than a busy machine needs for any step here.
PATIENCE = 120
# As edctl runs Slurm's commands, so that they print what it reads.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}

# Whether slurmctld has pages of metrics, and what slurm.conf needs for them.
HAS_METRICS = any(pathlib.Path("/usr/lib").glob("*/slurm*/metrics_openmetrics.so"))
METRICS = "MetricsType=metrics/openmetrics\n"
ORDINARY_USER = "daemon"
AS_ORDINARY_USER = ["setpriv", f"--reuid={ORDINARY_USER}", f"--regid={ORDINARY_USER}", "--clear-groups"]

# What each slurm.conf begins with.
COMMON = string.Template("""\
ClusterName=own
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$node_port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge.sock
CredType=cred/munge
StateSaveLocation=$place/state
SlurmctldPidFile=$place/slurmctld.pid
ProctrackType=proctrack/linuxproc
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
""")


class Cluster:
    """A running slurmctld."""

    munged: "Daemon"
    slurmctld: "Daemon"

    def __init__(self, place: pathlib.Path, port: int):
        self.port = port
        self.environment = {**ENVIRONMENT, "SLURM_CONF": str(place / "slurm.conf"), "PATH": os.environ["PATH"]}

    def run(self, *command) -> str:
        """What a command of Slurm prints."""
        return subprocess.run(
            command, env=self.environment, check=True, text=True, stdout=subprocess.PIPE, timeout=PATIENCE
        ).stdout


@contextlib.contextmanager
def controller(place: pathlib.Path, configuration: string.Template, **values):
    """Runs munge and slurmctld in `place` until the block ends. The configuration is what is not common; it
    is given the place, besides the values."""
    port = free_port()
    text = COMMON.substitute(place=place, port=port, node_port=free_port()) + configuration.substitute(
        place=place, **values
    )
    (place / "slurm.conf").write_text(text)
    (place / "state").mkdir()
    cluster = Cluster(place, port)
    with contextlib.ExitStack() as stack:
        cluster.munged = stack.enter_context(munged(place, place / "munge.sock"))
        cluster.slurmctld = stack.enter_context(
            Daemon(["slurmctld", "-D", "-f", str(place / "slurm.conf")], lambda: "is UP" in ping(cluster))
        )
        yield cluster


def munged(place: pathlib.Path, socket: pathlib.Path) -> "Daemon":
    """A munged with a key of its own in `place`."""
    key = place / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    return Daemon(
        [
            "munged",
            "--foreground",
            f"--key-file={key}",
            f"--socket={socket}",
            f"--pid-file={place}/munge.pid",
            f"--seed-file={place}/munge.seed",
        ],
        socket.exists,
    )


@contextlib.contextmanager
def slurmrestd(configuration: pathlib.Path, place: pathlib.Path, version: str):
    """Runs a slurmrestd that answers in this version, until the block ends, as an ordinary user, for 26.05's runs as no
    other, and none but that user may ask it. The block has its socket, in `place`."""
    folder = place / f"slurmrestd-{version}"
    folder.mkdir()
    shutil.chown(folder, ORDINARY_USER)
    socket = folder / "socket"
    # Without slurmdbd the plugins for its tables would end it.
    parts = [name for name in plugins(configuration, "-s") if re.fullmatch(r"openapi/(slurmctld|v[\d.]+)", name)]
    parser = [name for name in plugins(configuration, "-d") if name.endswith(f"/{version}")]
    with Daemon(
        [
            "env",
            *(f"{name}={value}" for name, value in ENVIRONMENT.items()),
            *AS_ORDINARY_USER,
            "slurmrestd",
            "-f",
            configuration,
            "-a",
            "rest_auth/local",
            "-s",
            ",".join([name for name in parts if name.endswith(f"/{version}")] or parts),
            *(["-d", *parser] if parser else []),
            f"unix:{socket}",
        ],
        socket.exists,
    ):
        yield socket


def versions(configuration: pathlib.Path) -> list:
    """The versions in which the release's slurmrestd answers, the oldest first: those of its parsers, and before there
    were any, those of what it offers."""
    names = plugins(configuration, "-d") or plugins(configuration, "-s")
    return sorted({name.split("/")[1] for name in names if "/v" in name})


def plugins(configuration: pathlib.Path, option: str) -> list:
    """What slurmrestd may load, which it lists for `-s` or `-d`; nothing where it has no such option."""
    answer = subprocess.run(
        [*AS_ORDINARY_USER, "slurmrestd", "-f", configuration, option, "list"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=PATIENCE,
    )
    return re.findall(r"\b(?:openapi|data_parser)/\S+", answer.stdout)


class Daemon:
    """A program that runs until the block ends, or this process does."""

    def __init__(self, command: list, answers=lambda: True):
        """`answers` says whether it is ready."""
        self.command = command
        self.answers = answers
        self.process = None

    def start(self):
        """Returns when it answers."""
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", *self.command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_until(self.answers, self.command[0])

    def stop(self):
        self.process.terminate()
        # One that is paused would never know.
        self.resume()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *_):
        self.stop()


def ping(cluster: Cluster) -> str:
    """What scontrol says of slurmctld; it fails while that is not there."""
    return subprocess.run(
        ["scontrol", "ping"], env=cluster.environment, text=True, stdout=subprocess.PIPE, timeout=PATIENCE
    ).stdout


def wait_until(is_so, what: str):
    until = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > until:
            raise AssertionError(f"{what} does not answer")
        time.sleep(0.1)
