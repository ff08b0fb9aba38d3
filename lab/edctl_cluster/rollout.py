"""From a bare machine to a running cluster: packages, nodes, Ansible."""

import os
from pathlib import Path

from edctl_lab import lifecycle
from edctl_lab.settings import Lab

from .progress import Progress

REPOSITORY = Path(__file__).resolve().parent.parent.parent
DESIGNER = "designer"
DESIGNER_UID = 2000


def roll_out(lab: Lab, progress: Progress) -> None:
    """Brings the whole cluster up; where all is up already it changes nothing."""
    progress.run("build edctl's packages", [REPOSITORY / "packaging/build-debs"])
    progress.run("start the nodes (the first time builds their image)", [lab_command(), "up"], env=lab_environment(lab))
    spec = lab.load_spec()
    if spec is not None and lifecycle.is_stale(spec):
        progress.note(f"lab '{lab.name}': {lifecycle.STALE}")
    debs = sorted((REPOSITORY / "dist").glob("*.deb"))
    progress.run("publish the packages to the nodes", [lab_command(), "repo", *debs], env=lab_environment(lab))
    progress.run(
        "roll out Slurm, the daemons, Prometheus and the flows by Ansible",
        ["ansible-playbook", "site.yml", "-e", "eda_tools_flows_refresh=true"],
        cwd=REPOSITORY / "ansible",
        env=lab_environment(lab),
    )
    progress.run("forward the cluster's pages to 127.0.0.1", [lab_command(), "publish"], env=lab_environment(lab))


def lab_command() -> Path:
    """The lab's own command line."""
    return REPOSITORY / "lab/lab"


def lab_environment(lab: Lab) -> dict[str, str]:
    """The environment in which every command finds the same lab."""
    return os.environ | {
        "EDCTL_LAB_NAME": lab.name,
        "EDCTL_LAB_DIR": str(lab.dir),
        "EDCTL_LAB_CACHE": str(lab.cache_dir),
    }
