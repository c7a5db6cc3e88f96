"""Checks whether a viewer responds under its prefix."""

from __future__ import annotations

import socket
from contextlib import closing, suppress
from typing import Final

from forgather_units.proxy.connection import Timeouts, TookTooLong, Unreachable, connect, host_header
from forgather_units.proxy.destination import Open, OpenUnix
from forgather_units.proxy.upstream import Broken, Exchange

_PATIENCE: Final = Timeouts(connect=1.0, first_byte=5.0, stall=5.0)
_LARGEST: Final = 64 * 1024


def knock(path: str) -> None:
    """Connect to the unix socket at `path` and close, to wake its viewer. Ignores a socket that no longer exists."""
    with suppress(Unreachable, TookTooLong):
        connect(OpenUnix(path), _PATIENCE.connect, _PATIENCE.connect).close()


def wait_until_accepted(path: str) -> None:
    """Wait until the viewer has accepted all connections that the unix socket at `path` has now.

    Ignores a socket that no longer exists, and a viewer that takes too long.
    """
    with suppress(OSError), closing(connect(OpenUnix(path), _PATIENCE.connect, _PATIENCE.first_byte)) as sock:
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(_LARGEST):
            pass


def responds(where: Open | OpenUnix, path: str) -> bool:
    """Whether a GET of `path` returns 200."""
    head = f"GET {path} HTTP/1.1\r\nHost: {host_header(where)}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    try:
        sock = connect(where, _PATIENCE.connect, _PATIENCE.first_byte)
        with closing(Exchange(sock, "GET", head.encode("latin-1"), _PATIENCE, _PATIENCE.first_byte)) as exchange:
            return exchange.complete_body(_LARGEST) is not None and exchange.head.code == 200
    except (Unreachable, TookTooLong, Broken):
        return False
