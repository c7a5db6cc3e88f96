"""Which account listens on a port of this machine, from the kernel's tables of TCP sockets."""

from __future__ import annotations

import ipaddress
import pwd
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

_TABLES: Final = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_LISTENING: Final = "0A"
# The kernel's for an account that this namespace does not have.
_UNKNOWN: Final = 65534


def listening_uids(port: int, tables: Sequence[Path] = _TABLES) -> set[int]:
    """The uids of the processes that listen on `port` of the loopback or of all addresses; empty if unknown."""
    return {uid for table in tables for uid in _listeners(table, port)} - {_UNKNOWN}


def account_of(uid: int) -> str:
    """Its name; the uid if it has none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"


def _listeners(table: Path, port: int) -> Iterator[int]:
    try:
        lines = table.read_text().splitlines()[1:]
    except OSError:
        return
    for line in lines:
        # sl, local address, remote address, state, queues, timer, retransmissions, uid (proc(5)).
        fields = line.split()
        address, _, hexadecimal = fields[1].partition(":")
        if fields[3] == _LISTENING and int(hexadecimal, 16) == port and _is_local(address):
            yield int(fields[7])


def _is_local(hexadecimal: str) -> bool:
    # Words of four bytes in the byte order of the machine: little-endian where systemd runs, nearly always.
    words = [bytes.fromhex(hexadecimal[at : at + 8])[::-1] for at in range(0, len(hexadecimal), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)
