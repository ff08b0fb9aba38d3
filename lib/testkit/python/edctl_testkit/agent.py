"""The node agent, as tests run it."""

import contextlib
import tempfile

from . import build
from .exporter import free_port, running

OURS = build.binary("edctl-agent")
HOOK = build.binary("slurm-hook")


@contextlib.contextmanager
def ours(*flags: str, through: tuple = (), state=None, config="/dev/null"):
    """edctl-agent with these flags, and nothing of this machine's state, nor of its configuration (a file of the
    test's own may be named), started through another command where one is given. Its
    `socket` is where hooks and `status` find it; its state is in a directory of its own unless one is named."""
    port = free_port()
    # Not where the tests may be told to keep their files: a socket's path may not be long.
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        socket = f"{place}/agent.sock"
        command = [
            *through,
            OURS,
            "--config",
            str(config),
            "--log.format",
            "text",
            "--web.listen-address",
            f"127.0.0.1:{port}",
            "--hooks.socket",
            socket,
            "--state.directory",
            state or place,
            *flags,
        ]
        with running(command, port) as exporter:
            exporter.socket = socket
            yield exporter
