"""What Slurm's own records say, counted here once more and without any code of edctl's.

The counts have the exporter's names and labels, so that they can be laid beside its page.
"""

import re
from collections import Counter

from edctl_cluster.cluster import Cluster

KINDS = ("node", "job", "license", "reservation")
ASK = """export SLURM_TIME_FORMAT=%s
for kind in {}; do echo "= $kind"; scontrol --all --oneliner show $kind || exit; done"""
FIRST_KEYS = ("NodeName=", "JobId=", "LicenseName=", "ReservationName=")
FIELD = re.compile(r"(?:^|\s)([A-Z][\w/:.]*)=")
FINISHED = {
    "CANCELLED",
    "COMPLETED",
    "FAILED",
    "NODE_FAIL",
    "OUT_OF_MEMORY",
    "TIMEOUT",
    "DEADLINE",
    "PREEMPTED",
    "BOOT_FAIL",
}
# An array that was cancelled while it waited: until slurmctld's next start, none knows how long it was.
FORGOTTEN = "4294967294"
CALLS_BY = re.compile(r"^\s+(\S+)\s+\(\s*\d+\) count:(\d+)", re.MULTILINE)
USAGE = re.compile(
    r"SharesRaw/Norm/Level/Factor=\S+?/(\S+?)/\S+?/(\S+) "
    r"UsageRaw/Norm/Efctv=(\S+?)/\S+?/(\S+)"
)
REASON_BY = re.compile(r"(.*) \[(.*)@(\d+)\]")

Families = dict[str, Counter]


def count(cluster: Cluster) -> Families:
    """Everything that scontrol shows at the moment."""
    families: Families = {}
    add = {"node": add_node, "job": add_job, "license": add_license, "reservation": add_reservation}
    kind = ""
    for line in cluster.out("ctl", ["sh", "-c", ASK.format(" ".join(KINDS))]).splitlines():
        if line.startswith("= "):
            kind = line[2:]
        elif line.startswith(FIRST_KEYS):
            add[kind](families, record(line))
    return families


def record(line: str) -> dict[str, str]:
    """A line of Key=value; values may hold spaces."""
    parts = FIELD.split(line)[1:]
    return {key: value.strip() for key, value in zip(parts[::2], parts[1::2], strict=True)}


def account_times(cluster: Cluster, jobs: list[int]) -> list[dict[str, str]]:
    """What the accounts say of each job that has ended: its state, and when it was submitted, started
    and ended, in seconds since the epoch."""
    fields = ["JobIDRaw", "State", "Submit", "Start", "End"]
    lines = cluster.out(
        "ctl",
        [
            "env",
            "SLURM_TIME_FORMAT=%s",
            "sacct",
            "-n",
            "-P",
            "-X",
            "-j",
            ",".join(map(str, jobs)),
            "-o",
            ",".join(fields),
        ],
    ).splitlines()
    rows = [dict(zip(fields, line.split("|"), strict=True)) for line in lines]
    return [row for row in rows if row["End"].isdigit()]


def calls(cluster: Cluster, user: str) -> int:
    """The user's requests that slurmctld has counted."""
    by_user = cluster.out("ctl", ["sdiag"]).split("statistics by user", 1)[1]
    return sum(int(count) for name, count in CALLS_BY.findall(by_user) if name == user)


def shares(cluster: Cluster) -> dict[tuple[str, str], dict[str, float]]:
    """By account and user (none for the account itself) what slurmctld bills them, from its own records
    and not from its answer to sshare; shares and usages to two places."""
    told = {}
    lines = cluster.out("ctl", ["scontrol", "-o", "show", "assoc_mgr", "flags=assoc"]).splitlines()
    for line in lines:
        if line.startswith("ClusterName="):
            association = record(line)
            numbers = map(float, USAGE.search(line).groups())
            user = association["UserName"].split("(")[0]
            told[association["Account"], user] = dict(
                zip(("shares", "factor", "usage", "effective"), numbers, strict=True)
            )
    return told


def put(families: Families, name: str, value: float, **labels: str) -> None:
    family = families.setdefault(f"edctl_slurm_{name}", Counter())
    family[tuple(sorted(labels.items()))] += value


def add_node(families: Families, node: dict[str, str]) -> None:
    base, *flags = node["State"].split("+")
    state = word(base, flags)
    allocated, total = int(node["CPUAlloc"]), int(node["CPUTot"])
    free = "other" if base == "DOWN" or "DRAIN" in flags else "idle"
    put(families, "nodes", 1, state=state)
    for flag in flags:
        put(families, "nodes_flagged", 1, flag=flag.lower())
    for name, places in (
        ("", [{}]),
        ("partition_", [{"partition": partition} for partition in node["Partitions"].split(",")]),
    ):
        for place in places:
            put(families, f"{name}cpus", allocated, state="allocated", **place)
            put(families, f"{name}cpus", total - allocated, state=free, **place)
            put(families, f"{name}nodes", name != "", state=state, **place)
    put(families, "memory_bytes", int(node["RealMemory"]) << 20)
    put(families, "memory_allocated_bytes", int(node["AllocMem"]) << 20)
    if told := REASON_BY.fullmatch(node.get("Reason", "")):
        text, user, since = told.groups()
        put(families, "node_reason_info", 1, node=node["NodeName"], state=state, user=user, reason=text)
        put(families, "node_reason_timestamp_seconds", int(since), node=node["NodeName"])


def word(base: str, flags: list[str]) -> str:
    """A node's state in one word, for the states that the tests bring about."""
    busy = base in ("ALLOCATED", "MIXED") or "COMPLETING" in flags
    if base == "DOWN":
        return "down"
    if "NOT_RESPONDING" in flags:
        return "not_responding"
    if "DRAIN" in flags:
        return "draining" if busy else "drained"
    if "MAINTENANCE" in flags:
        return "maintenance"
    if base != "IDLE":
        return base.lower()
    for flag in ("COMPLETING", "RESERVED", "PLANNED"):
        if flag in flags:
            return flag.lower()
    return "idle"


def add_job(families: Families, job: dict[str, str]) -> None:
    jobs, state = tasks(job), job["JobState"].lower()
    put(families, "jobs", jobs, state=state)
    if job["JobState"] not in FINISHED:
        put(families, "job_cpus", jobs * int(job["NumCPUs"].split("-")[0]), state=state)
    for partition in job["Partition"].split(","):
        put(families, "partition_jobs", jobs, partition=partition, state=state)
    user = job["UserId"].split("(")[0]
    put(families, "user_jobs", jobs, user=user, state=state)
    reason = re.split(r"[,:(]", job["Reason"])[0]
    for name, value in (("account", job["Account"]), ("qos", job["QOS"]), ("reason", reason)):
        if value not in ("(null)", "None", ""):
            put(families, f"{name}_jobs", jobs, state=state, **{name: value})


def tasks(job: dict[str, str]) -> int:
    """How many jobs a record stands for: one, or the tasks of an array that wait."""
    listed = job.get("ArrayTaskId", "").split("%")[0]
    if listed in ("", FORGOTTEN):
        return 1
    total = 0
    for part in listed.split(","):
        first, _, rest = part.partition("-")
        last, _, step = rest.partition(":")
        total += len(range(int(first), int(last or first) + 1, int(step or 1)))
    return total


def add_license(families: Families, license: dict[str, str]) -> None:
    for name, key in (
        ("licenses", "Total"),
        ("licenses_used", "Used"),
        ("licenses_free", "Free"),
        ("licenses_reserved", "Reserved"),
    ):
        put(families, name, int(license[key]), license=license["LicenseName"])


def add_reservation(families: Families, reservation: dict[str, str]) -> None:
    name = reservation["ReservationName"]
    partition = reservation["PartitionName"].replace("(null)", "")
    put(families, "reservation_info", 1, reservation=name, partition=partition, flags=reservation["Flags"])
    for family, value in (
        ("active", reservation["State"] == "ACTIVE"),
        ("start_timestamp_seconds", int(reservation["StartTime"])),
        ("end_timestamp_seconds", int(reservation["EndTime"])),
        ("nodes", int(reservation["NodeCnt"])),
        ("cores", int(reservation["CoreCnt"])),
    ):
        put(families, f"reservation_{family}", value, reservation=name)
