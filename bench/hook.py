#!/usr/bin/env python3
"""slurm-hook as Prolog beside /bin/true: start to end of a process, as slurmd sees it.

usage: bench/hook.py FOLDER-OF-BINARIES [CALLS]

The calls are interleaved, so that whatever else the machine does hits all of them alike. Exits 1
when the hook's 99th percentile with an agent is above LIMIT times that of /bin/true.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

LIMIT = 3.0
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
SILENT = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]


def prolog_environment(job):
    """What slurmd 22.05 gives a Prolog."""
    return {
        "SLURMD_NODENAME": "w1",
        "SLURM_CLUSTER_NAME": "edctl",
        "SLURM_CONF": "/etc/slurm/slurm.conf",
        "SLURM_JOB_COMMENT": f"edctl/1 run=01JBENCH stage=sim tp={TRACE}",
        "SLURM_JOB_GID": "2000",
        "SLURM_JOB_ID": str(job),
        "SLURM_JOB_PARTITION": "latency",
        "SLURM_JOB_UID": "2000",
        "SLURM_JOB_USER": "designer",
        "SLURM_JOB_WORK_DIR": "/home/designer",
        "SLURM_NODELIST": "w1",
        "SLURM_SCRIPT_CONTEXT": "prolog_slurmd" if job % 2 else "epilog_slurmd",
    }


def timed(argv, environment):
    """Milliseconds from the spawn to the reaping; the exit code must be 0."""
    start = time.perf_counter_ns()
    pid = os.posix_spawn(argv[0], argv, environment, file_actions=SILENT)
    _, status = os.waitpid(pid, 0)
    took = (time.perf_counter_ns() - start) / 1e6
    if status != 0:
        sys.exit(f"{argv[0]} ended with status {status}")
    return took


def start_agent(binaries, home):
    agent = subprocess.Popen(
        [
            binaries / "edctl-agent",
            "--config",
            os.devnull,
            "--hooks.socket",
            home / "agent.sock",
            "--state.directory",
            home,
            "--web.listen-address",
            "127.0.0.1:0",
        ],
        stdout=subprocess.DEVNULL,
        stderr=(home / "agent.log").open("w"),
    )
    for _ in range(1000):
        if (home / "agent.sock").exists():
            return agent
        if agent.poll() is not None:
            sys.exit((home / "agent.log").read_text())
        time.sleep(0.01)
    agent.kill()
    sys.exit("the agent did not start within 10 s")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def events_counted(home):
    """How many prologs and epilogs the agent took: a fast way must be the real one."""
    log = (home / "agent.log").read_text()
    return log.count("prolog of job") + log.count("epilog of job")


def main():
    if sys.argv[1:2] in ([], ["-h"], ["--help"]):
        sys.exit(__doc__)
    binaries = Path(sys.argv[1]).resolve()
    calls = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    hook = str(binaries / "slurm-hook")
    with tempfile.TemporaryDirectory(prefix="edctl-bench-") as folder:
        home = Path(folder)
        (home / "lonely").mkdir()
        cases = {
            "/bin/true": ["/bin/true"],
            "hook, agent answers": [hook, "--socket", str(home / "agent.sock"), "--spool", str(home / "spool")],
            "hook, no agent: spool": [hook, "--socket", str(home / "none.sock"), "--spool", str(home / "lonely")],
        }
        took: dict[str, list[float]] = {name: [] for name in cases}
        agent = start_agent(binaries, home)
        try:
            for job in range(1, calls + 1):
                for name, argv in cases.items():
                    took[name].append(timed(argv, prolog_environment(job)))
            answered = events_counted(home)
        finally:
            agent.terminate()
            agent.wait()
        spooled = len(list((home / "lonely").glob("*.json")))

    true = took["/bin/true"]
    print(f"{calls} calls each, interleaved; milliseconds, and times /bin/true's")
    print(f"{'':24}{'min':>8}{'median':>8}{'p99':>8}   {'min':>6}{'median':>8}{'p99':>7}")
    for name, values in took.items():
        figures = [percentile(values, share) for share in (0, 0.5, 0.99)]
        ratios = [figure / percentile(true, share) for figure, share in zip(figures, (0, 0.5, 0.99), strict=True)]
        print(
            f"{name:24}"
            + "".join(f"{figure:8.3f}" for figure in figures)
            + f"   {ratios[0]:6.2f}{ratios[1]:8.2f}{ratios[2]:7.2f}"
        )
    print(f"events that the agent has: {answered} of {calls}; records in the spool: {spooled}")
    if answered != calls or spooled != calls:
        sys.exit("the hook did not do its work in every call")
    ratio = percentile(took["hook, agent answers"], 0.99) / percentile(true, 0.99)
    print(f"p99 ratio {ratio:.2f}, allowed {LIMIT:.2f}: {'held' if ratio <= LIMIT else 'BROKEN'}")
    return 0 if ratio <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
