"""Special files that the server must not read for a request: created in a folder, or this machine's own."""

from __future__ import annotations

import os
import socket
from pathlib import Path

KINDS = ("fifo", "socket", "endless device", "terminal", "environment", "memory", "sysfs file")


def special_file(kind: str, folder: Path) -> str:
    """The path of a file of this kind; a FIFO or a socket is created in `folder`."""
    made = folder / "special"
    if kind == "fifo":
        os.mkfifo(made)
    elif kind == "socket":
        # A path of at most 107 bytes may be bound; it stays after the socket is closed.
        here = os.open(folder, os.O_RDONLY)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(f"/proc/self/fd/{here}/special")
        os.close(here)
    else:
        return {
            "endless device": "/dev/zero",
            "terminal": "/dev/ptmx",
            "environment": "/proc/self/environ",
            "memory": "/proc/self/mem",
            "sysfs file": "/sys/kernel/uevent_seqnum",
        }[kind]
    return str(made)
