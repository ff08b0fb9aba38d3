"""A slurmctld of our own with many nodes and jobs, for as long as a benchmark needs it."""

import contextlib
import os
import pathlib
import re
import signal
import string
import subprocess
import time

from edctl_testkit.exporter import free_port

# Longer than a busy machine needs for any step here.
PATIENCE = 120
# Users that every Debian has; jobs need real ones.
USERS = ["root", "daemon", "bin", "sys", "games", "man", "mail", "nobody"]
ARRAY_TASKS = 1000
# Arrays of which squeue shows every task, since an update of all but the last made each a job of its own.
ARRAYS_SPLIT = 0.9
# As edctl runs Slurm's commands, so that they print what it reads.
ENVIRONMENT = {"LC_ALL": "C", "TZ": "UTC", "SLURM_TIME_FORMAT": "%s", "SLURM_BITSTR_LEN": "0"}

# All nodes are down, so that jobs wait and no slurmd is needed. The scheduler looks at few jobs, so that
# slurmctld's time goes into what it is asked.
CONFIGURATION = string.Template("""\
ClusterName=bench
SlurmctldHost=localhost(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$node_port
SlurmUser=root
AuthType=auth/munge
AuthInfo=socket=$place/munge.sock
CredType=cred/munge
StateSaveLocation=$place/state
SlurmctldPidFile=$place/slurmctld.pid
SlurmctldLogFile=/dev/null
ProctrackType=proctrack/linuxproc
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerType=sched/builtin
SchedulerParameters=defer,default_queue_depth=1,sched_interval=600,max_job_bf=1
MaxJobCount=1000000
MaxArraySize=10001
SlurmdTimeout=0
ReturnToService=2
Licenses=vcs:100,dc:40
NodeName=n[1-$nodes] NodeAddr=127.0.0.1 CPUs=64 RealMemory=256000 Features=avx512,rack1 \
State=DOWN Reason="bench: no slurmd"
PartitionName=sim Nodes=n[1-$most_nodes] Default=YES MaxTime=INFINITE State=UP
PartitionName=pnr Nodes=n[$most_nodes-$nodes] MaxTime=INFINITE State=UP
""")


class Cluster:
    """A running slurmctld."""

    munged: "Daemon"
    slurmctld: "Daemon"

    def __init__(self, place: pathlib.Path):
        self.environment = {**ENVIRONMENT, "SLURM_CONF": str(place / "slurm.conf"),
                            "PATH": os.environ["PATH"]}

    def run(self, *command) -> str:
        """What a command of Slurm prints."""
        return subprocess.run(command, env=self.environment, check=True, text=True,
                              stdout=subprocess.PIPE, timeout=PATIENCE).stdout

    def fill(self, jobs: int):
        """Submits arrays that wait; most of their tasks become jobs of their own, with a comment."""
        arrays = jobs // ARRAY_TASKS
        for number in range(arrays):
            job = self.run("sbatch", "--parsable", f"--array=0-{ARRAY_TASKS - 1}", "--ntasks=2",
                           f"--account=account{number % 7}", f"--uid={USERS[number % len(USERS)]}",
                           f"--partition={'sim,pnr' if number % 5 == 0 else 'sim'}",
                           f"--job-name=regression{number}", "--chdir=/", "--wrap=true").strip()
            if number < arrays * ARRAYS_SPLIT:
                self.run("scontrol", "update", f"JobId={job}_[0-{ARRAY_TASKS - 2}]",
                         f"Comment=edctl/1 run=01K1A0000000000000000{number:05} stage=sim "
                         "profile=latency")

    def reset_rpc_time(self):
        self.run("sdiag", "--reset")

    def rpc_seconds(self, uid: int) -> float:
        """The time for requests of a user since the last reset, over all types of them."""
        by_user = self.run("sdiag").split("statistics by user", 1)[1]
        shown = re.search(rf"\( *{uid}\) count:\d+ +ave_time:\d+ +total_time:(\d+)", by_user)
        return int(shown[1]) / 1e6 if shown else 0.0


def slurmctld(place: pathlib.Path, nodes: int):
    """Runs munge and slurmctld in `place`, with so many nodes, until the block ends."""
    return controller(place, CONFIGURATION, nodes=nodes, most_nodes=nodes * 4 // 5)


@contextlib.contextmanager
def controller(place: pathlib.Path, configuration: string.Template, **values):
    """Runs munge and slurmctld in `place` until the block ends. The configuration finds there the place and
    free ports, besides the values."""
    text = configuration.substitute(place=place, port=free_port(), node_port=free_port(), **values)
    (place / "slurm.conf").write_text(text)
    (place / "state").mkdir()
    key = place / "munge.key"
    key.write_bytes(os.urandom(128))
    key.chmod(0o600)
    cluster = Cluster(place)
    with contextlib.ExitStack() as stack:
        cluster.munged = stack.enter_context(Daemon(
            ["munged", "--foreground", f"--key-file={key}", f"--socket={place}/munge.sock",
             f"--pid-file={place}/munge.pid", f"--seed-file={place}/munge.seed"],
            (place / "munge.sock").exists))
        cluster.slurmctld = stack.enter_context(Daemon(
            ["slurmctld", "-D", "-f", str(place / "slurm.conf")], lambda: "is UP" in ping(cluster)))
        yield cluster


class Daemon:
    """A program that runs until the block ends, or this process does."""

    def __init__(self, command: list, answers):
        self.command = command
        self.answers = answers
        self.process = None

    def start(self):
        """Returns when it answers."""
        self.process = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *self.command],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
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
    return subprocess.run(["scontrol", "ping"], env=cluster.environment, text=True,
                          stdout=subprocess.PIPE, timeout=PATIENCE).stdout


def wait_until(is_so, what: str):
    until = time.monotonic() + PATIENCE
    while not is_so():
        if time.monotonic() > until:
            raise AssertionError(f"{what} does not answer")
        time.sleep(0.1)
