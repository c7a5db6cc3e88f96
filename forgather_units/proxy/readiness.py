"""Whether a viewer answers under its prefix yet."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import Final

from forgather_units.proxy.connection import Timeouts, TookTooLong, Unreachable, connect, host_header
from forgather_units.proxy.target import Open, OpenUnix
from forgather_units.proxy.upstream import Broken, Exchange

_PATIENCE: Final = Timeouts(connect=1.0, first_byte=5.0, stall=5.0)
_LARGEST: Final = 64 * 1024


def knock(path: str) -> None:
    """Connect to the unix socket at `path` and leave again. One that is gone by now is nobody's concern."""
    with suppress(Unreachable, TookTooLong):
        connect(OpenUnix(path), _PATIENCE.connect, _PATIENCE.connect).close()


def answers(where: Open | OpenUnix, path: str) -> bool:
    """Whether `path` answers 200."""
    head = f"GET {path} HTTP/1.1\r\nHost: {host_header(where)}\r\nAccept: application/json\r\nConnection: close\r\n\r\n"
    try:
        sock = connect(where, _PATIENCE.connect, _PATIENCE.first_byte)
        with closing(Exchange(sock, "GET", head.encode("latin-1"), _PATIENCE, _PATIENCE.first_byte)) as exchange:
            return exchange.whole(_LARGEST) is not None and exchange.head.code == 200
    except (Unreachable, TookTooLong, Broken):
        return False
