"""The node agent, as tests run it."""

import contextlib
import tempfile

from . import build
from .exporter import free_port, running

OURS = build.binary("edctl-agent")


@contextlib.contextmanager
def ours(*flags: str, through: tuple = ()):
    """edctl-agent with these flags, and nothing of this machine's configuration or state, started
    through another command where one is given."""
    port = free_port()
    # Not where the tests may be told to keep their files: a socket's path may not be long.
    with tempfile.TemporaryDirectory(dir="/tmp") as place:
        command = [*through, OURS, "--config", "/dev/null", "--log.format", "text",
                   "--web.listen-address", f"127.0.0.1:{port}",
                   "--hooks.socket", f"{place}/agent.sock", "--state.directory", place, *flags]
        with running(command, port) as exporter:
            yield exporter
