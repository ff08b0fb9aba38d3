"""What a user types, on a living lab."""

import socket
import subprocess
import unittest
import urllib.request

from edctl_lab import cgroups

from .labcase import NAME, LabCase


class Commands(LabCase):
    def test_the_way_through_a_lab(self) -> None:
        self.command("status", status=3)
        self.command("run", "w1", "--", "true", status=3)
        self.command("up", "--cpus", "1", "--memory", "1G")

        state = self.status()
        self.assertTrue(state["up"])
        self.assertEqual([node["state"] for node in state["nodes"]], ["running"] * 3)
        self.assertEqual([node["failed_units"] for node in state["nodes"]], [[]] * 3)

        with self.subTest("up again changes nothing"):
            self.assertIn("already up", self.command("up").stderr)
            self.assertEqual(self.status(), state)
            self.command("up", "--nodes", "4", status=3)

        with self.subTest("run passes words and exit codes through"):
            self.command("run", "w1", "--", "sh", "-c", "exit 7", status=7)
            self.assertEqual(self.command("run", "w2", "hostname").stdout, "w2\n")
            self.assertEqual(
                self.command("run", "w2", "--", "printf", "%s|", "a b", "$HOME").stdout,
                "a b|$HOME|",
            )
            self.command("run", "w9", "true", status=3)

        with self.subTest("a user's command runs as that user, at home"):
            self.command("run", "ctl", "--", "useradd", "--create-home", "tester")
            done = self.command("run", "--user", "tester", "ctl", "--", "sh", "-c", "id -un; pwd; echo $HOME")
            self.assertEqual(done.stdout.split(), ["tester", "/home/tester", "/home/tester"])
            self.command("run", "w1", "--", "test", "-d", "/home/tester")  # /home is one for all

        with self.subTest("ssh knows every node"):
            config = self.command("ssh-config", "--path").stdout.strip()
            for node in ("ctl", "w1", "w2"):
                done = subprocess.run(
                    ["ssh", "-F", config, node, "hostname"],
                    capture_output=True,
                    text=True,
                    check=True,
                )
                self.assertEqual(done.stdout.strip(), node)

        with self.subTest("nodes have limits and identities of their own"):
            self.assertEqual(self.memory_limit("w1"), 1 << 30)
            ids = {self.command("run", node, "cat", "/etc/machine-id").stdout for node in ("ctl", "w1", "w2")}
            self.assertEqual(len(ids), 3)
            self.command("run", "w1", "--", "ping", "-c1", "-W2", "ctl")

        self.check_publish()
        self.check_repo()

    def memory_limit(self, node: str) -> int:
        """What the kernel holds a node to, read from the host's side."""
        group = f"edctl-{NAME}"
        for file in (
            f"memory/{group}/{node}/memory.limit_in_bytes",
            f"{group}/{node}/memory.max",
            f"system.slice/{group}-{node}.scope/memory.max",
        ):
            path = cgroups.CGROUP_ROOT / file
            if path.exists():
                return int(path.read_text())
        raise AssertionError(f"no memory limit of {node} below {cgroups.CGROUP_ROOT}")

    def check_publish(self) -> None:
        """A taken port moves; what ctl serves is read through 127.0.0.1."""
        with socket.create_server(("127.0.0.1", 0)) as other:
            taken = other.getsockname()[1]
            self.assertNotEqual(taken, 9811)
            self.command("publish")
        self.command(
            "run",
            "ctl",
            "--",
            "systemd-run",
            "--quiet",
            "--property=WorkingDirectory=/etc",
            "python3",
            "-m",
            "http.server",
            "9091",
        )
        self.command(
            "run",
            "ctl",
            "--",
            "sh",
            "-c",
            "until curl -sf localhost:9091/hostname; do sleep 0.1; done",
        )
        urls = {entry["name"]: entry["url"] for entry in self.status()["published"]}
        with urllib.request.urlopen(urls["pushgateway"] + "hostname", timeout=10) as answer:
            self.assertEqual(answer.read(), b"ctl\n")
        self.assertEqual({entry["name"]: entry["url"] for entry in self.status()["published"]}, urls)
        self.command("publish", "--stop")
        self.assertEqual(self.status()["published"], [])

    def check_repo(self) -> None:
        """A package that the lab was given can be installed in a node by apt."""
        source = self.lab.dir / "trial"
        (source / "DEBIAN").mkdir(parents=True)
        (source / "DEBIAN/control").write_text(
            "Package: lab-trial\nVersion: 1\nArchitecture: all\nMaintainer: lab <lab@localhost>\nDescription: trial\n"
        )
        package = self.lab.dir / "lab-trial_1_all.deb"
        subprocess.run(
            ["dpkg-deb", "--build", "--root-owner-group", source, package],
            check=True,
            capture_output=True,
        )
        self.assertEqual(self.command("repo", str(package)).stdout.split(), ["lab-trial_1_all.deb"])
        install = (
            "echo 'deb [trusted=yes] file:/srv/edctl/apt ./' >/etc/apt/sources.list.d/lab.list && "
            "apt-get -qq update && apt-get -qq install lab-trial && dpkg -s lab-trial"
        )
        self.assertIn(
            "Status: install ok installed",
            self.command("run", "w1", "--", "sh", "-c", install).stdout,
        )


if __name__ == "__main__":
    unittest.main()
