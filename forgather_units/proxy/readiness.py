"""Whether a viewer answers under its prefix yet."""

from __future__ import annotations

import contextlib
import io
from typing import Final

from forgather_units.proxy.connection import Timeouts, TookTooLong, Unreachable, connect, host_header
from forgather_units.proxy.target import Open, OpenUnix
from forgather_units.proxy.upstream import Broken, Exchange

_PATIENCE: Final = Timeouts(connect=1.0, first_byte=5.0, stall=5.0)


def knock(path: str) -> None:
    """Connect to the unix socket at `path` and leave again. One that is gone by now is nobody's concern."""
    with contextlib.suppress(Unreachable, TookTooLong):
        connect(OpenUnix(path), _PATIENCE).close()


def answers(where: Open | OpenUnix, prefix: str) -> bool:
    """Asks TensorBoard's cheapest address below `prefix`; only the job's own TensorBoard has it."""
    head = (
        f"GET {prefix}/data/environment HTTP/1.1\r\nHost: {host_header(where)}\r\n"
        "Accept: application/json\r\nConnection: close\r\n\r\n"
    )
    try:
        exchange = Exchange(where, "GET", head.encode("latin-1"), io.BytesIO(), 0, _PATIENCE)
    except (Unreachable, TookTooLong, Broken):
        return False
    exchange.close()
    return exchange.head.code == 200
