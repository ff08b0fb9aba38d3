"""A slurmctld of our own with many nodes and jobs, for as long as a benchmark needs it."""

import pathlib
import re
import string

from edctl_testkit.slurm import Cluster, controller

# Users that every Debian has; jobs need real ones.
USERS = ["root", "daemon", "bin", "sys", "games", "man", "mail", "nobody"]
ARRAY_TASKS = 1000
# Arrays of which squeue shows every task, since an update of all but the last made each a job of its own.
ARRAYS_SPLIT = 0.9

# All nodes are down, so that jobs wait and no slurmd is needed. The scheduler looks at few jobs, so that
# slurmctld's time goes into what it is asked.
CONFIGURATION = string.Template("""\
SlurmctldLogFile=/dev/null
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


def fill(cluster: Cluster, jobs: int):
    """Submits arrays that wait; most of their tasks become jobs of their own, with a comment."""
    arrays = jobs // ARRAY_TASKS
    for number in range(arrays):
        job = cluster.run(
            "sbatch",
            "--parsable",
            f"--array=0-{ARRAY_TASKS - 1}",
            "--ntasks=2",
            f"--account=account{number % 7}",
            f"--uid={USERS[number % len(USERS)]}",
            f"--partition={'sim,pnr' if number % 5 == 0 else 'sim'}",
            f"--job-name=regression{number}",
            "--chdir=/",
            "--wrap=true",
        ).strip()
        if number < arrays * ARRAYS_SPLIT:
            cluster.run(
                "scontrol",
                "update",
                f"JobId={job}_[0-{ARRAY_TASKS - 2}]",
                f"Comment=edctl/1 run=01K1A0000000000000000{number:05} stage=sim profile=latency",
            )


def reset_rpc_time(cluster: Cluster):
    cluster.run("sdiag", "--reset")


def rpc_seconds(cluster: Cluster, uid: int) -> float:
    """The time for requests of a user since the last reset, over all types of them."""
    by_user = cluster.run("sdiag").split("statistics by user", 1)[1]
    shown = re.search(rf"\( *{uid}\) count:\d+ +ave_time:\d+ +total_time:(\d+)", by_user)
    return int(shown[1]) / 1e6 if shown else 0.0


def slurmctld(place: pathlib.Path, nodes: int):
    """Runs munge and slurmctld in `place`, with so many nodes, until the block ends."""
    return controller(place, CONFIGURATION, nodes=nodes, most_nodes=nodes * 4 // 5)
