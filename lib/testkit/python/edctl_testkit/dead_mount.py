"""A file system that is of one file or of an empty directory, and that hangs as that of a dead file
server does: the file's reads, or the questions how full it is, are not answered until it is told to.

    unshare --mount python3 dead_mount.py PLACE [PROGRAM [ARGUMENT...]]

Mounts it at PLACE, starts the program and says `mounted` and the program's process id; says `asked` for
each request that it leaves waiting. Repeats the words `answer` and `hang` from its standard input as soon as it does so. At that
input's end everything ends.
"""

import os
import pathlib
import select
import stat
import struct
import subprocess
import sys

# Far more than its end takes.
PATIENCE = 60

# linux/fuse.h: what is asked.
GETATTR, OPEN, READ, STATFS, INIT = 3, 14, 15, 17, 26
HANGING = (READ, STATFS)
REQUEST = struct.Struct("<IIQQIIIHH")
ANSWER = struct.Struct("<IiQ")
ENOSYS = 38
BLOCK_BYTES = 4096
# What the file system says of its size, in blocks and in file nodes.
BLOCKS, FREE_BLOCKS, AVAILABLE_BLOCKS, FILES, FREE_FILES = 1000, 600, 500, 10, 5


class DeadMount:
    """Such a mount, hanging at first. It is in a name space of its own, and goes with its last process."""

    def __init__(self, place: pathlib.Path, *program):
        self.server = subprocess.Popen(
            ["unshare", "--mount", sys.executable, "-B", __file__, place, *program],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.expect("mounted")

    def answer(self) -> None:
        """Answers what waits and what comes."""
        self.tell("answer")

    def hang(self) -> None:
        """Answers no more."""
        self.tell("hang")

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
        self.kind = stat.S_IFMT(os.stat(place).st_mode)
        self.device = os.open("/dev/fuse", os.O_RDWR)
        self.hangs = True
        # What is left waiting: the identity of each request and what it asks.
        self.waiting = []
        options = f"fd={self.device},rootmode={self.kind | 0o400:o},user_id=0,group_id=0"
        subprocess.run(["mount", "-i", "-t", "fuse", "-o", options, "dead", place], check=True,
                       pass_fds=[self.device])

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
        self.hangs = word == "hang"
        print(word, flush=True)
        if not self.hangs:
            for request in self.waiting:
                self.answer(*request)
            self.waiting.clear()

    def take(self, request: bytes) -> None:
        _, asked, unique, *_ = REQUEST.unpack_from(request)
        if self.hangs and asked in HANGING:
            self.waiting.append((unique, asked))
            print("asked", flush=True)
        else:
            self.answer(unique, asked)

    def answer(self, unique: int, asked: int) -> None:
        answer = self.answers().get(asked)
        error = 0 if answer else -ENOSYS
        answer = answer or b""
        os.write(self.device, ANSWER.pack(ANSWER.size + len(answer), error, unique) + answer)

    def answers(self) -> dict:
        """What is said to each question."""
        return {
            # The kernel and the server speak 7.31.
            INIT: struct.pack("<IIIIHHIIHHI28x", 7, 31, 4096, 0, 1, 1, 4096, 1, 1, 0, 0),
            # Its size, blocks and mode; all times are 0, and it is root's.
            GETATTR: struct.pack("<QIIQQQ24x12xIIIIIII", 3600, 0, 0, 1, BLOCK_BYTES, 8,
                                 self.kind | 0o400, 1, 0, 0, 0, BLOCK_BYTES, 0),
            OPEN: struct.pack("<QIi", 0, 0, 0),
            READ: bytes(BLOCK_BYTES),
            STATFS: struct.pack("<QQQQQIII28x", BLOCKS, FREE_BLOCKS, AVAILABLE_BLOCKS, FILES, FREE_FILES,
                                BLOCK_BYTES, 255, BLOCK_BYTES),
        }


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
