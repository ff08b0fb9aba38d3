"""The output of Slurm's commands for a large site, served by commands that only print it.

What is printed follows the format strings with which the exporter calls the commands, so that a field
which is new there is an error here and not a row that is dropped.
"""

import collections
import pathlib
import re
import shlex
import shutil

# The second field of squeue's rows is a word that is another one in each call.
ROW_MARK = re.compile(r"(?<=\|)[0-9a-f]{16}(?=\|)")
BEGIN = 1_795_500_000
PARTITIONS = [f"queue{number}" for number in range(12)]
ACCOUNTS, USERS = 60, 2000
STATES = ["PENDING"] * 13 + ["RUNNING"] * 5 + ["COMPLETED", "FAILED"]
WAIT_REASONS = ["Priority", "Resources", "Dependency", "JobHeldUser", "ReqNodeNotAvail, UnavailableNodes:node[17-99]"]
# One node in so many is down for a reason; one in so many is in a second partition.
NODES_PER_BROKEN, NODES_PER_SHARED = 50, 4


def bin_dir(place: pathlib.Path, command_lines: list, nodes: int, jobs: int, run) -> dict:
    """Fills `place` with commands; `run` is asked for the output of those that a large site does not
    make longer. Returns the file that each of the programs sinfo and squeue prints."""
    rows = {
        "sinfo": lambda line: node_rows(line, nodes),
        "squeue": lambda line: job_rows(line, jobs),
        "sshare": share_rows,
    }
    cases, files = collections.defaultdict(list), {}
    for number, (program, *arguments) in enumerate(command_lines):
        file = place / f"{program}.{number}"
        line = " ".join(arguments)
        file.write_text(
            "".join(f"{row}\n" for row in rows[program](line)) if program in rows else run(program, *arguments)
        )
        files[program] = file
        cases[program].append(case(line, file))
    for program, choices in cases.items():
        script = place / program
        script.write_text("\n".join(["#!/bin/sh", 'case "$*" in', *choices, "esac", "exit 1", ""]))
        script.chmod(0o755)
    return files


def case(line: str, file: pathlib.Path) -> str:
    """The part of a script that prints `file` when it is called with `line`."""
    mark = ROW_MARK.search(line)
    if not mark:
        return f"{shlex.quote(line)}) exec {shutil.which('cat')} {file} ;;"
    before, after = line[: mark.start()], line[mark.end() :]
    return (
        f"{shlex.quote(before)}*{shlex.quote(after)}) word=${{*#*:|}}; "
        f'exec {shutil.which("sed")} "s/|{mark[0]}|/|${{word%%|*}}|/" {file} ;;'
    )


def template_of(line: str) -> str:
    """Where `line` has `--Format=FIELD:END,FIELD:END`, `{FIELD}END{FIELD}END`."""
    fields = line.split("--Format=", 1)[1].split(",")
    return "".join(f"{{{name}}}{end}" for name, end in (field.split(":") for field in fields))


def job_rows(line: str, jobs: int):
    """Rows by squeue's `--Format=JobArrayID:|WORD|,State:|`."""
    template = template_of(line)
    for number in range(jobs):
        state = STATES[number % len(STATES)]
        has_begun, has_ended = state != "PENDING", state in ("COMPLETED", "FAILED")
        submitted, cpus = BEGIN + number // 8, 1 << number % 6
        yield template.format_map(
            {
                "JobArrayID": f"{1000 + number // 100}_{number % 100}" if number % 3 else f"{900_000 + number}",
                "State": state,
                "Partition": PARTITIONS[number % 11] if has_begun or number % 7 else "queue0,queue11",
                "NumCPUs": cpus,
                "tres-alloc": f"cpu={cpus},mem={cpus * 4000}M,node=1,billing={cpus}"
                + ",gres/gpu=1,gres/gpu:a100=1" * (number % 10 == 0),
                "SubmitTime": submitted,
                "StartTime": submitted + number % 5000 if has_begun else "N/A",
                "EndTime": submitted + number % 5000 + 600 if has_ended else "NONE",
                "UserName": f"user{number % USERS}",
                "Account": f"account{number % ACCOUNTS}",
                "QOS": "normal" if number % 9 else "urgent",
                "Reason": "None" if has_begun else WAIT_REASONS[number % len(WAIT_REASONS)],
                "Comment": "(null)"
                if number % 4
                else f"edctl/1 run=01K1A{number:021} stage=sim profile=latency tp=00-{number:032x}-{number:016x}-01",
            }
        )


def node_rows(line: str, nodes: int):
    """Rows by sinfo's `--Format=NodeList:|,PartitionName:|`."""
    template = template_of(line)
    for number in range(nodes):
        is_broken = number % NODES_PER_BROKEN == 0
        busy = 0 if is_broken else number % 65
        partitions = [PARTITIONS[number % 11]] + PARTITIONS[11:] * (number % NODES_PER_SHARED == 0)
        for partition in partitions:
            yield template.format_map(
                {
                    "NodeList": f"node{number:05}.site.example.com",
                    "PartitionName": partition,
                    "StateComplete": "down+drain" if is_broken else "mixed" if busy else "idle",
                    "StateLong": "drained" if is_broken else "mixed" if busy else "idle",
                    "CPUsState": f"{busy}/0/{64 - busy}/64" if is_broken else f"{busy}/{64 - busy}/0/64",
                    "Memory": 512_000,
                    "AllocMem": busy * 4000,
                    "FreeMem": "N/A" if is_broken else 300_000,
                    "CPUsLoad": "N/A" if is_broken else f"{busy}.25",
                    "Weight": 1,
                    "Gres": "gpu:a100:4" if number % 5 == 0 else "(null)",
                    "GresUsed": "gpu:a100:2(IDX:0-1)" if busy and number % 5 == 0 else "gpu:0",
                    "features_act": f"avx512,rack{number // 40}",
                    "Timestamp": BEGIN if is_broken else "Unknown",
                    "User": "root" if is_broken else "Unknown",
                    "Reason": f"edctl:node:disk:full /scratch {number}" if is_broken else "none",
                }
            )


def share_rows(line: str):
    """Rows by sshare's `--format=User,Partition`."""
    names = line.split("--format=", 1)[1].split(",")
    template = "|".join(f"{{{name}}}" for name in names)
    for user in [None, *range(USERS)]:
        yield template.format_map(
            {
                "User": "" if user is None else f"user{user}",
                "Partition": "",
                "RawShares": "" if user is None else 1,
                "NormShares": "0.000500",
                "RawUsage": 0 if user is None else user * 977,
                "NormUsage": "0.000600",
                "EffectvUsage": "0.000700",
                "FairShare": "" if user is None else "0.400000",
                "Account": "root" if user is None else f"  account{user % ACCOUNTS}",
            }
        )
