"""Opens and reads files that a user names, so that no kind of file can block the reader or fill its memory.

Opening a FIFO waits for its other end, reading a device may never end, and opening one may do something: a file is
first opened with O_PATH, which does neither, and only a regular one is opened for reading, by that same descriptor.
"""

from __future__ import annotations

import errno
import os
import stat
from functools import lru_cache
from os import PathLike
from typing import Final

from forgather_units.files import mount_walk
from forgather_units.files.mounts import Mounts

Path = str | PathLike[str]

_PIECE: Final = 1 << 20
# Their files are generated on reading, may block or be endless, and may contain secrets: the environment and the memory
# of a process.
_KERNELS: Final = frozenset(
    {"bpf", "cgroup", "cgroup2", "configfs", "debugfs", "devpts", "fusectl", "proc", "pstore", "securityfs", "sysfs",
     "tracefs"}
)  # fmt: skip


class TooLarge(OSError):
    """The file exceeds the limit."""

    def __init__(self, path: Path, most_bytes: int) -> None:
        super().__init__(errno.EFBIG, f"it has more than {most_bytes:,} bytes", os.fspath(path))


def open_regular(path: Path) -> int:
    """A descriptor to read the regular file `path`, links followed; it does not block and is not inherited.

    Raises OSError: as open(2), EISDIR for a folder, EINVAL for a FIFO, a socket, a device or a file of the kernel.
    """
    mount_walk.enter(os.fspath(path))
    found = os.open(path, os.O_PATH | os.O_CLOEXEC)
    try:
        facts = os.fstat(found)
        if stat.S_ISDIR(facts.st_mode):
            raise IsADirectoryError(errno.EISDIR, "it is a folder", os.fspath(path))
        if not stat.S_ISREG(facts.st_mode) or _is_of_the_kernel(facts.st_dev):
            raise OSError(errno.EINVAL, "it is not a regular file", os.fspath(path))
        return os.open(f"/proc/self/fd/{found}", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    finally:
        os.close(found)


def read_regular(path: Path, most_bytes: int) -> tuple[bytes, os.stat_result]:
    """All bytes of the regular file `path`, and its fstat from before. Raises OSError; TooLarge above `most_bytes`.

    Reads no more than that even if the file grows meanwhile.
    """
    descriptor = open_regular(path)
    try:
        facts = os.fstat(descriptor)
        read = bytearray()
        while facts.st_size <= most_bytes and len(read) <= most_bytes:
            piece = os.read(descriptor, min(_PIECE, most_bytes + 1 - len(read)))
            if not piece:
                return bytes(read), facts
            read += piece
        raise TooLarge(path, most_bytes)
    finally:
        os.close(descriptor)


def read_text(path: Path, most_bytes: int) -> str:
    """The same as text. Raises OSError, UnicodeDecodeError."""
    return read_regular(path, most_bytes)[0].decode("utf-8")


@lru_cache(64)
def _is_of_the_kernel(device: int) -> bool:
    mount = Mounts.now().on_device(device)
    return mount is not None and mount.kind in _KERNELS
