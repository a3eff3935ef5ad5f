"""A card reader that lies when it is told to: shows a folder as a mounted card and damages what is read.

Usage: lying-reader.py FOLDER MOUNT-POINT CONTROL-SOCKET

Nothing is cached on the way (direct_io, no attribute timeouts), so that each read of a program is a read here, and a second
read of a file can be told from the first. Writing is refused with EROFS and noted. On the control socket each line is a JSON
order and gets one JSON line back; lying-reader.ts describes them.
"""

import errno
import json
import os
import socket
import sys
import threading
import time

from fusepy import FUSE, FuseOSError, Operations, fuse_get_context

SOURCE, MOUNT_POINT, CONTROL_SOCKET = (os.path.abspath(word) for word in sys.argv[1:4])
WRITING = os.O_WRONLY | os.O_RDWR | os.O_TRUNC | os.O_APPEND
FIELDS = ("st_atime", "st_ctime", "st_gid", "st_mode", "st_mtime", "st_nlink", "st_size", "st_uid", "st_ino")


class Open:
    """One opening of a file by a program."""

    def __init__(self, path, flags, number, pid):
        self.path = path
        self.fd = os.open(real(path), os.O_RDONLY)
        self.number = number
        self.direct = bool(flags & os.O_DIRECT)
        self.pid = pid
        self.bytes = 0

    def told(self):
        return {"path": shown(self.path), "open": self.number, "direct": self.direct, "pid": self.pid, "bytes": self.bytes}


class Lie:
    """One fault, as lying-reader.ts describes it."""

    def __init__(self, number, order):
        self.number = number
        self.kind = order["kind"]
        self.path = order.get("path")
        self.at = order.get("at", 0)
        self.length = order.get("length")
        self.bit = order.get("bit", 0)
        self.ms = order.get("ms", 0)
        self.bytes = order.get("bytes", 0)
        self.errno = getattr(errno, order.get("code", "EIO"))
        self.open = order.get("open")
        self.left = order.get("times")
        self.strikes = 0
        # The openings that this lie has hit. The kernel asks for a big read in pieces and hides an error after the first piece
        # as a short read; so an opening that met an error, or an early end, meets it again as often as it asks.
        self.hit = set()
        self.reached = self.kind in ("vanish", "grow") and self.at == 0
        self.released = threading.Event()

    def covers(self, start, end):
        """Whether a read from start to end touches the damaged stretch."""
        if self.kind == "flip":
            return start <= self.at < end
        return end > self.at and (self.length is None or start < self.at + self.length)


# fusepy decodes names with one encoding; latin-1 gives every byte a character, so that no name is lost.
def real(path):
    return os.path.join(os.fsencode(SOURCE), path.encode("latin-1").lstrip(b"/"))


def shown(path):
    return path.encode("latin-1").lstrip(b"/").decode("utf-8", "surrogateescape")


class LyingReader(Operations):
    use_ns = True

    def __init__(self):
        self.guard = threading.Lock()
        self.handles = {}
        self.journal = []
        self.refused = []
        self.opens_of = {}
        self.lies = {}
        self.next = 1

    # What the control socket orders.

    def order(self, order):
        with self.guard:
            what = order["order"]
            if what == "lie":
                lie = Lie(self.next, order)
                self.next += 1
                self.lies[lie.number] = lie
                return {"number": lie.number}
            if what == "strikes":
                return {"strikes": self.lies[order["number"]].strikes}
            if what == "stop":
                numbers = [order["number"]] if "number" in order else list(self.lies)
                for number in numbers:
                    lie = self.lies[number]
                    lie.left = 0
                    lie.hit.clear()
                    lie.reached = False
                    lie.released.set()
                return {}
            if what == "journal":
                return {"opens": [one.told() for one in self.journal], "refused": self.refused}
            if what == "forget":
                self.journal = []
                self.refused = []
                self.opens_of = {}
                return {}
            raise ValueError("unknown order " + what)

    # Which lies apply.

    def of(self, path, *kinds):
        name = shown(path)
        return [lie for lie in self.lies.values() if lie.kind in kinds and lie.path in (None, name)]

    def strikers(self, handle, start, end, kind):
        """The lies of this kind that strike at a read, each counted. The lock is held."""
        found = []
        for lie in self.of(handle.path, kind):
            if not lie.covers(start, end) or lie.open not in (None, handle.number):
                continue
            if handle in lie.hit:
                found.append(lie)
                continue
            if lie.left == 0:
                continue
            if lie.left is not None:
                lie.left -= 1
            lie.strikes += 1
            if kind in ("error", "end"):
                lie.hit.add(handle)
            found.append(lie)
        return found

    def vanished(self, path):
        with self.guard:
            return any(lie.reached for lie in self.of(path, "vanish"))

    def growth(self, path):
        with self.guard:
            return sum(lie.bytes for lie in self.of(path, "grow") if lie.reached)

    # What a program asks of a file system.

    def getattr(self, path, fh=None):
        if self.vanished(path):
            raise FuseOSError(errno.ENOENT)
        try:
            stat = os.lstat(real(path))
        except OSError as error:
            raise FuseOSError(error.errno)
        answer = {field: getattr(stat, field) for field in FIELDS}
        for name in ("st_atime", "st_ctime", "st_mtime"):
            answer[name] = getattr(stat, name + "_ns")
        answer["st_size"] += self.growth(path)
        return answer

    def readdir(self, path, fh):
        try:
            names = [os.fsencode(name).decode("latin-1") for name in os.listdir(real(path))]
        except OSError as error:
            raise FuseOSError(error.errno)
        folder = path if path.endswith("/") else path + "/"
        return [".", ".."] + [name for name in names if not self.vanished(folder + name)]

    def readlink(self, path):
        return os.readlink(real(path)).decode("latin-1")

    def statfs(self, path):
        stat = os.statvfs(real(path))
        return {name: getattr(stat, name) for name in ("f_bsize", "f_frsize", "f_blocks", "f_bfree", "f_bavail", "f_files", "f_ffree", "f_namemax")}

    def open(self, path, flags):
        if flags & WRITING:
            self.refuse("open", path)
        if self.vanished(path):
            raise FuseOSError(errno.ENOENT)
        with self.guard:
            number = self.opens_of.get(path, 0) + 1
            self.opens_of[path] = number
            try:
                handle = Open(path, flags, number, fuse_get_context()[2])
            except OSError as error:
                raise FuseOSError(error.errno)
            self.handles[handle.fd] = handle
            self.journal.append(handle)
            return handle.fd

    def release(self, path, fh):
        with self.guard:
            del self.handles[fh]
        os.close(fh)
        return 0

    def read(self, path, size, offset, fh):
        handle = self.handles[fh]
        length = os.fstat(fh).st_size + self.growth(handle.path)
        end = min(offset + size, length)
        if end <= offset:
            return b""
        self.wait_where_told(handle, offset, end)
        with self.guard:
            for lie in self.strikers(handle, offset, end, "error"):
                raise FuseOSError(lie.errno)
            for lie in self.strikers(handle, offset, end, "end"):
                end = max(offset, min(end, lie.at))
        data = os.pread(fh, end - offset, offset)
        # What a file has grown by is zeros.
        data = bytearray(data + bytes(end - offset - len(data)))
        with self.guard:
            for lie in self.strikers(handle, offset, end, "flip"):
                data[lie.at - offset] ^= 1 << lie.bit
            for lie in self.of(handle.path, "vanish", "grow"):
                if lie.left != 0 and lie.covers(offset, end):
                    lie.reached = True
            handle.bytes += len(data)
        return bytes(data)

    def wait_where_told(self, handle, offset, end):
        with self.guard:
            delays = self.strikers(handle, offset, end, "delay")
            hangs = self.strikers(handle, offset, end, "hang")
        for lie in delays:
            time.sleep(lie.ms / 1000)
        for lie in hangs:
            lie.released.wait()

    # What nobody may do to a card.

    def refuse(self, what, path):
        with self.guard:
            self.refused.append({"what": what, "path": shown(path), "pid": fuse_get_context()[2]})
        raise FuseOSError(errno.EROFS)

    def create(self, path, mode, fi=None):
        self.refuse("create", path)

    def mkdir(self, path, mode):
        self.refuse("mkdir", path)

    def mknod(self, path, mode, dev):
        self.refuse("mknod", path)

    def unlink(self, path):
        self.refuse("unlink", path)

    def rmdir(self, path):
        self.refuse("rmdir", path)

    def rename(self, old, new):
        self.refuse("rename", old)

    def link(self, new, old):
        self.refuse("link", new)

    def symlink(self, new, old):
        self.refuse("symlink", new)

    def chmod(self, path, mode):
        self.refuse("chmod", path)

    def chown(self, path, uid, gid):
        self.refuse("chown", path)

    def utimens(self, path, times=None):
        self.refuse("utimens", path)

    def truncate(self, path, length, fh=None):
        self.refuse("truncate", path)

    def write(self, path, data, offset, fh):
        self.refuse("write", path)

    def setxattr(self, path, name, value, options, position=0):
        self.refuse("setxattr", path)

    def removexattr(self, path, name):
        self.refuse("removexattr", path)

    def flush(self, path, fh):
        return 0


def obey(reader, connection):
    with connection, connection.makefile("rw", encoding="utf-8", errors="surrogateescape") as lines:
        for line in lines:
            try:
                answer = reader.order(json.loads(line))
            except Exception as error:  # a wrong order must not end the reader
                answer = {"error": repr(error)}
            lines.write(json.dumps(answer) + "\n")
            lines.flush()


def listen(reader):
    server = socket.socket(socket.AF_UNIX)
    server.bind(CONTROL_SOCKET)
    server.listen()
    while True:
        connection, _ = server.accept()
        threading.Thread(target=obey, args=(reader, connection), daemon=True).start()


if __name__ == "__main__":
    the_reader = LyingReader()
    threading.Thread(target=listen, args=(the_reader,), daemon=True).start()
    FUSE(
        the_reader,
        MOUNT_POINT,
        foreground=True,
        encoding="latin-1",
        direct_io=True,
        allow_other=True,
        attr_timeout=0,
        entry_timeout=0,
        negative_timeout=0,
        fsname="lying-reader",
    )
