"""Agents of many nodes, played by one program: each node has an address of its own on the loopback."""

import contextlib
import http.server
import json
import threading
import time


class Agents:
    """What the agents say, by address, and what they were told of the brake."""

    def __init__(self):
        self.failing: dict = {}
        self.silent: set = set()
        self.told: dict = {}
        self.asked = 0

    def fail(self, address: str, check="space", code="full", detail="/scratch: 1.0 % free", klass="node"):
        self.failing[address] = {"name": check, "class": klass, "code": code, "detail": detail}

    def heal(self, address: str):
        self.failing.pop(address, None)

    def verdict(self, address: str) -> bytes:
        state = {"since_usec": 1, "shadow": False}
        checks = [{"name": "cpus", "class": "node", "state": "pass", "outcome": "pass", **state}]
        if address in self.failing:
            checks.append({"state": "fail", "outcome": "fail", **state, **self.failing[address]})
        verdict = {
            "v": 1,
            "node": address,
            "version": "0",
            "boot_id": "b",
            "machine": address,
            "verdict": "fit",
            "since_usec": 1,
            "time_usec": time.time_ns() // 1000,
            "age_secs": 0.1,
            "period_secs": 30,
            "checks": checks,
        }
        return json.dumps(verdict).encode()


@contextlib.contextmanager
def agents(port: int):
    """Plays them on every address of this machine until the block ends."""
    players = Agents()

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # An answer is two writes.
        wbufsize = -1

        def do_GET(self):
            address = self.request.getsockname()[0]
            players.asked += 1
            players.told[address] = self.path.partition("?brake=")[2]
            if address in players.silent:
                self.close_connection = True
                return
            body = players.verdict(address)
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    class Server(http.server.ThreadingHTTPServer):
        request_queue_size = 1024
        daemon_threads = True

    with Server(("0.0.0.0", port), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield players
        finally:
            server.shutdown()
            thread.join()
