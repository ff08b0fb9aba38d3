"""A file system of one file whose reads are never answered, as those of a dead file server are, and a
program that is given this file.

    unshare --mount python3 dead_mount.py FILE PROGRAM [ARGUMENT...]

Says the program's process id, then `asked` when the file is read. At a line on its standard input the
server ends and with it all waiting; at that input's end everything ends.
"""

import os
import select
import stat
import struct
import subprocess
import sys

# linux/fuse.h: what is asked.
GETATTR, OPEN, READ, INIT = 3, 14, 15, 26
REQUEST = struct.Struct("<IIQQIIIHH")
ANSWER = struct.Struct("<IiQ")
ENOSYS = 38
# The kernel and the server speak 7.31.
INITIAL = struct.pack("<IIIIHHIIHHI28x", 7, 31, 4096, 0, 1, 1, 4096, 1, 1, 0, 0)
# Its size, blocks and mode; all times are 0, and it is root's.
ATTRIBUTES = struct.pack("<QIIQQQ24x12xIIIIIII", 3600, 0, 0, 1, 4096, 8,
                         stat.S_IFREG | 0o400, 1, 0, 0, 0, 4096, 0)
OPENED = struct.pack("<QIi", 0, 0, 0)
ANSWERS = {INIT: INITIAL, GETATTR: ATTRIBUTES, OPEN: OPENED}


def mount(file: str) -> int:
    """Mounts it there, and gives the descriptor of whoever serves it."""
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode={stat.S_IFREG | 0o400:o},user_id=0,group_id=0"
    subprocess.run(["mount", "-i", "-t", "fuse", "-o", options, "dead", file], check=True,
                   pass_fds=[device])
    return device


def serve(device: int) -> None:
    """Answers all but reads, until there is something on the standard input."""
    while True:
        ready, _, _ = select.select([device, sys.stdin], [], [])
        if sys.stdin in ready:
            sys.stdin.readline()
            return
        request = os.read(device, 1 << 20)
        _, asked, unique, *_ = REQUEST.unpack_from(request)
        if asked == READ:
            print("asked", flush=True)
            continue
        answer = ANSWERS.get(asked)
        error = 0 if answer else -ENOSYS
        answer = answer or b""
        os.write(device, ANSWER.pack(ANSWER.size + len(answer), error, unique) + answer)


def main():
    file, *command = sys.argv[1:]
    device = mount(file)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    print(process.pid, flush=True)
    try:
        serve(device)
    finally:
        os.close(device)
    sys.stdin.read()
    process.kill()
    process.wait()


if __name__ == "__main__":
    main()
