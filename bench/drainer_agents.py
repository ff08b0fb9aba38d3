#!/usr/bin/env python3
"""The agents of many nodes in one process: each node's address answers with the node's verdict.

usage: bench/drainer_agents.py PORT FILE

FILE has the addresses that are unfit, one a line; it is read again when it changes.
"""

import asyncio
import json
import pathlib
import sys


def page(address: str, is_unfit: bool) -> bytes:
    """A verdict of twenty checks, as a node's agent has them."""
    checks = [
        {
            "name": f"check{n}",
            "class": "node",
            "state": "pass",
            "outcome": "pass",
            "code": "",
            "detail": "all is as it should be here",
            "since_usec": 1796129517186049,
            "shadow": False,
        }
        for n in range(20)
    ]
    if is_unfit:
        checks[7] |= {"state": "fail", "outcome": "fail", "code": "full", "detail": f"/scratch of {address} is full"}
    verdict = {
        "v": 1,
        "node": address,
        "version": "0.1.0",
        "boot_id": "0e47e618-7e81-469e-88a1-2faae9139e8f",
        "machine": address,
        "verdict": "unfit" if is_unfit else "fit",
        "since_usec": 1796129517204266,
        "time_usec": 1796129520188341,
        "age_secs": 0.5,
        "period_secs": 30,
        "checks": checks,
    }
    body = json.dumps(verdict).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body


class Agent(asyncio.Protocol):
    """One connection; the address that it came to says which node is asked."""

    unfit: frozenset = frozenset()
    pages: dict = {}

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        if b"\r\n\r\n" in data:
            address = self.transport.get_extra_info("sockname")[0]
            key = address, address in self.unfit
            if key not in self.pages:
                self.pages[key] = page(*key)
            self.transport.write(self.pages[key])


async def serve(port: int, file: pathlib.Path):
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Agent, "0.0.0.0", port, backlog=4096)
    async with server:
        while True:
            Agent.unfit = frozenset(file.read_text().split())
            await asyncio.sleep(0.1)


asyncio.run(serve(int(sys.argv[1]), pathlib.Path(sys.argv[2])))
