"""A file system in memory that hangs as that of a dead file server does. At a file it is that file of
zeros; at a directory it is a tree that is empty at first and may be written to.

    unshare --mount python3 dead_mount.py PLACE [PROGRAM [ARGUMENT...]]

Mounts it at PLACE, starts the program and says `mounted` and the program's process id; says `asked` for
each request that it leaves waiting while it hangs. Repeats a word from its standard input as soon as it obeys it:
`answer` everything; `hang`, so that reads of files and the questions how full it is wait; `die`, so that
everything waits. At that input's end everything ends.
"""

import os
import pathlib
import select
import stat
import struct
import subprocess
import sys

try:
    from . import memory_tree
except ImportError:  # The server is a program beside the module.
    import memory_tree

# Far more than its end takes.
PATIENCE = 60

# linux/fuse.h: what is asked.
READ, STATFS = 15, 17
FORGET, INTERRUPT, BATCH_FORGET = 2, 36, 42
UNANSWERED = (FORGET, INTERRUPT, BATCH_FORGET)
REQUEST = struct.Struct("<IIQQIIIHH")
ANSWER = struct.Struct("<IiQ")


class DeadMount:
    """Such a mount, hanging at first. It is in a name space of its own, and goes with its last process."""

    def __init__(self, place: pathlib.Path, *program):
        self.server = subprocess.Popen(
            ["unshare", "--mount", sys.executable, "-B", __file__, place, *program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.expect("mounted")

    def answer(self) -> None:
        """Answers what waits and what comes."""
        self.tell("answer")

    def hang(self) -> None:
        """Answers no reads of files any more, nor how full it is."""
        self.tell("hang")

    def die(self) -> None:
        """Answers nothing any more."""
        self.tell("die")

    def expect_asked(self) -> None:
        """Waits for a request that is left waiting; each is told of once."""
        self.expect("asked")

    def inside(self) -> tuple:
        """What a command is started through to see the mount. It ends with the test, lest it keep the
        mount."""
        return ("nsenter", f"--mount=/proc/{self.server.pid}/ns/mnt", "setpriv", "--pdeathsig", "KILL")

    def end(self) -> None:
        """Ends the server and its program, and with it all waiting."""
        if self.server.stdin.closed:
            return
        self.server.stdin.close()
        try:
            self.server.wait(timeout=PATIENCE)
        finally:
            self.server.kill()
            self.server.wait()
            self.server.stdout.close()

    def tell(self, word: str) -> None:
        self.server.stdin.write(f"{word}\n".encode())
        self.server.stdin.flush()
        self.expect(word)

    def expect(self, word: str) -> None:
        said = self.server.stdout.readline().decode()
        assert said == f"{word}\n", f"the dead mount's server: {said!r} instead of {word!r}"


class Server:
    """Serves the mount at a place."""

    def __init__(self, place: str):
        kind = stat.S_IFMT(os.stat(place).st_mode)
        self.tree = memory_tree.Tree(kind)
        self.device = os.open("/dev/fuse", os.O_RDWR)
        self.word = "hang"
        # The requests that are left waiting.
        self.waiting = []
        options = f"fd={self.device},rootmode={kind | 0o400:o},user_id=0,group_id=0"
        subprocess.run(["mount", "-i", "-t", "fuse", "-o", options, "dead", place], check=True, pass_fds=[self.device])

    def serve(self) -> None:
        """Answers until the standard input ends."""
        while True:
            ready, _, _ = select.select([self.device, sys.stdin], [], [])
            if sys.stdin in ready:
                word = sys.stdin.readline().strip()
                if not word:
                    return
                self.obey(word)
            else:
                self.take(os.read(self.device, 1 << 20))

    def obey(self, word: str) -> None:
        self.word = word
        print(word, flush=True)
        if word == "answer":
            for request in self.waiting:
                self.answer(request)
            self.waiting.clear()

    def leaves(self, asked: int) -> bool:
        """Whether such a request is left waiting now."""
        return self.word == "die" or (self.word == "hang" and asked in (READ, STATFS))

    def take(self, request: bytes) -> None:
        asked = REQUEST.unpack_from(request)[1]
        if asked in UNANSWERED:
            return
        if self.leaves(asked):
            self.waiting.append(request)
            if self.word == "hang":
                print("asked", flush=True)
        else:
            self.answer(request)

    def answer(self, request: bytes) -> None:
        _, asked, unique, node, *_ = REQUEST.unpack_from(request)
        try:
            error, answer = 0, self.tree.answer(asked, node, request[REQUEST.size :])
        except OSError as refused:
            error, answer = refused.errno, b""
        os.write(self.device, ANSWER.pack(ANSWER.size + len(answer), -error, unique) + answer)


def main():
    place, *command = sys.argv[1:]
    server = Server(place)
    process = None
    if command:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    print("mounted", flush=True)
    if process:
        print(process.pid, flush=True)
    try:
        server.serve()
    finally:
        # What waits for an answer cannot be ended before.
        os.close(server.device)
        if process:
            process.kill()
            process.wait()


if __name__ == "__main__":
    main()
