"""Locks: one server for each state folder, and one for each unit prefix of a service manager."""

from __future__ import annotations

import errno
import fcntl
import logging
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Final

from forgather_units.domain.errors import Refused
from forgather_units.domain.machine import Machine

log = logging.getLogger(__name__)

_CREDENTIALS: Final = struct.Struct("3i")
"""struct ucred: pid, uid, gid. (unix(7), SO_PEERCRED)"""
_ATTEMPTS: Final = 5


@contextmanager
def exclusive(state_dir: Path, machine: Machine, prefix: str) -> Iterator[None]:
    """Keep other servers from `state_dir` and from units named `prefix-...`. Raises Refused if one uses them."""
    with _state_folder(state_dir), _unit_prefix(machine, prefix):
        yield


@contextmanager
def _state_folder(state_dir: Path) -> Iterator[None]:
    """Two servers on one state folder would both dispatch its queue."""
    lock: IO[str] = (state_dir / "server.lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"another server already uses {state_dir}", hint="stop it, or set another state_dir"
            ) from None
        yield


@contextmanager
def _unit_prefix(machine: Machine, prefix: str) -> Iterator[None]:
    """Two servers with one prefix would adopt, and stop, each other's units.

    The lock is an abstract unix socket: the kernel frees it with the process, and it needs no folder. (The manager's
    runtime folder is read-only for the packaged system service.)
    """
    name = f"\0forgather-units/{machine.scope.value}/{machine.uid}/{prefix}"
    with closing(socket.socket(socket.AF_UNIX)) as lock:
        for _ in range(_ATTEMPTS):
            try:
                lock.bind(name)
            except OSError as why:
                if why.errno != errno.EADDRINUSE:
                    raise
                holder = _holder(name)
            else:
                lock.listen(1)
                break
            if holder is None:
                # It has ended in the meantime.
                continue
            pid, uid = holder
            if uid != machine.uid:
                # Any user may bind the name, but cannot control this account's manager.
                log.warning("process %d of uid %d holds the lock of unit_prefix %s: it is ignored", pid, uid, prefix)
                break
            raise Refused(
                f"unit_prefix {prefix} is in use by another server: process {pid}{_command(pid)}",
                hint="stop it, or set another unit_prefix",
                field="unit_prefix",
            )
        yield


def _holder(name: str) -> tuple[int, int] | None:
    """Pid and uid of the listening process; None if no process listens."""
    with closing(socket.socket(socket.AF_UNIX)) as probe:
        # Its backlog may be full: nothing accepts connections.
        probe.setblocking(False)
        try:
            probe.connect(name)
        except OSError:
            return None
        pid, uid, _ = _CREDENTIALS.unpack(probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        return pid, uid


def _command(pid: int) -> str:
    """`, forgather server --config ...`; empty if it cannot be read."""
    try:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return ""
    return f" ({os.fsdecode(b' '.join(words)).strip()})"
