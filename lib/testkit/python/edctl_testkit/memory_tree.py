"""A tree of files in memory, as the server of a FUSE file system answers for it.

The kernel's requests and answers are those of linux/fuse.h, version 7.31.
"""

import errno
import os
import stat
import struct

BLOCK_BYTES = 4096
# What the file system says of its size, in blocks and in file nodes.
BLOCKS, FREE_BLOCKS, AVAILABLE_BLOCKS, FILES, FREE_FILES = 1000, 600, 500, 10, 5
ROOT = 1
# Seconds for which the kernel need not ask again; nobody else changes the tree.
VALID = 3600
SET_MODE, SET_UID, SET_GID, SET_SIZE = 1, 2, 4, 8
NOREPLACE = 1


class Node:
    """A file or a directory."""

    def __init__(self, number: int, mode: int):
        self.number = number
        self.mode = mode
        self.uid = self.gid = 0
        self.content = bytearray()
        self.children = {}

    def attributes(self) -> bytes:
        blocks = -(-len(self.content) // 512)
        return struct.pack(
            "<QQQ24x12xIIIIIII",
            self.number,
            len(self.content),
            blocks,
            self.mode,
            1,
            self.uid,
            self.gid,
            0,
            BLOCK_BYTES,
            0,
        )

    def answer(self) -> bytes:
        return struct.pack("<QII", VALID, 0, 0) + self.attributes()

    def entry(self) -> bytes:
        return struct.pack("<QQQQII", self.number, 0, VALID, VALID, 0, 0) + self.attributes()


class Tree:
    """The tree; its root is a file of zeros or an empty directory."""

    def __init__(self, kind: int):
        root = Node(ROOT, kind | (0o755 if stat.S_ISDIR(kind) else 0o400))
        if not stat.S_ISDIR(kind):
            root.content = bytearray(BLOCK_BYTES)
        # A node stays, since the kernel may hold a file that has no name any more.
        self.nodes = {ROOT: root}
        self.asked = {
            1: self.lookup,
            3: self.getattr,
            4: self.setattr,
            9: self.mkdir,
            10: self.unlink,
            11: self.unlink,
            12: self.rename,
            14: self.open,
            15: self.read,
            16: self.write,
            17: self.statfs,
            18: self.nothing,
            20: self.nothing,
            25: self.nothing,
            26: self.init,
            27: self.open,
            28: self.readdir,
            29: self.nothing,
            30: self.nothing,
            35: self.create,
            45: self.rename2,
        }

    def answer(self, asked: int, node: int, body: bytes) -> bytes:
        """The answer to a request, without its head.

        :raises OSError: what the file system refuses, or does not know."""
        if asked not in self.asked:
            raise OSError(errno.ENOSYS, "not served")
        return self.asked[asked](self.nodes.get(node), body)

    def init(self, _node, _body) -> bytes:
        return struct.pack("<IIIIHHIIHHI28x", 7, 31, 4096, 0, 1, 1, 4096, 1, 1, 0, 0)

    def statfs(self, _node, _body) -> bytes:
        return struct.pack(
            "<QQQQQIII28x", BLOCKS, FREE_BLOCKS, AVAILABLE_BLOCKS, FILES, FREE_FILES, BLOCK_BYTES, 255, BLOCK_BYTES
        )

    def nothing(self, _node, _body) -> bytes:
        return b""

    def open(self, _node, _body) -> bytes:
        return struct.pack("<QIi", 0, 0, 0)

    def child(self, node: Node, name: bytes) -> Node:
        if name not in node.children:
            raise OSError(errno.ENOENT, os.fsdecode(name))
        return node.children[name]

    def add(self, node: Node, name: bytes, mode: int) -> Node:
        if name in node.children:
            raise OSError(errno.EEXIST, os.fsdecode(name))
        child = Node(max(self.nodes) + 1, mode)
        self.nodes[child.number] = node.children[name] = child
        return child

    def lookup(self, node, body) -> bytes:
        return self.child(node, body.rstrip(b"\0")).entry()

    def getattr(self, node, _body) -> bytes:
        return node.answer()

    def setattr(self, node, body) -> bytes:
        valid, size, mode, uid, gid = struct.unpack_from("<I4x8xQ8x36xI4xII", body)
        if valid & SET_SIZE:
            node.content = node.content[:size].ljust(size, b"\0")
        if valid & SET_MODE:
            node.mode = mode
        if valid & SET_UID:
            node.uid = uid
        if valid & SET_GID:
            node.gid = gid
        return node.answer()

    def mkdir(self, node, body) -> bytes:
        mode, _ = struct.unpack_from("<II", body)
        return self.add(node, body[8:].rstrip(b"\0"), stat.S_IFDIR | mode).entry()

    def create(self, node, body) -> bytes:
        _, mode = struct.unpack_from("<II", body)
        return self.add(node, body[16:].rstrip(b"\0"), mode).entry() + self.open(node, body)

    def unlink(self, node, body) -> bytes:
        self.child(node, body.rstrip(b"\0"))
        del node.children[body.rstrip(b"\0")]
        return b""

    def rename(self, node, body) -> bytes:
        (parent,) = struct.unpack_from("<Q", body)
        old, new = body[8:].rstrip(b"\0").split(b"\0")
        return self.move(node, old, self.nodes[parent], new)

    def rename2(self, node, body) -> bytes:
        parent, flags = struct.unpack_from("<QI", body)
        old, new = body[16:].rstrip(b"\0").split(b"\0")
        if flags & NOREPLACE and new in self.nodes[parent].children:
            raise OSError(errno.EEXIST, os.fsdecode(new))
        return self.move(node, old, self.nodes[parent], new)

    def move(self, node: Node, old: bytes, parent: Node, new: bytes) -> bytes:
        parent.children[new] = self.child(node, old)
        if (parent, new) != (node, old):
            del node.children[old]
        return b""

    def read(self, node, body) -> bytes:
        offset, size = struct.unpack_from("<8xQI", body)
        return bytes(node.content[offset : offset + size])

    def write(self, node, body) -> bytes:
        offset, size = struct.unpack_from("<8xQI", body)
        node.content = node.content.ljust(offset, b"\0")
        node.content[offset : offset + size] = body[40 : 40 + size]
        return struct.pack("<II", size, 0)

    def readdir(self, node, body) -> bytes:
        offset, size = struct.unpack_from("<8xQI", body)
        listed = b""
        for place, (name, child) in enumerate(node.children.items()):
            entry = struct.pack("<QQII", child.number, place + 1, len(name), child.mode >> 12) + name
            entry = entry.ljust(-(-len(entry) // 8) * 8, b"\0")
            if place >= offset and len(listed) + len(entry) <= size:
                listed += entry
        return listed
