"""Free TCP ports of this machine."""

from __future__ import annotations

import os
import random
import socket
from typing import Final

# Below 32768, where the kernel takes ports for outgoing connections and for listeners on port 0, and away from the
# usual ports of the viewers. Each pytest-xdist worker has a part of its own: no other one takes a port before its use.
_FIRST: Final = 20_000
_EACH: Final = 3_000
_PARTS: Final = 4
_worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_own = range(_FIRST + _EACH * (_worker % _PARTS), _FIRST + _EACH * (_worker % _PARTS + 1))
_left: list[int] = []


def free_port() -> int:
    """A port that no process has on any address; each call gives another one."""
    while True:
        if not _left:
            # In random order, because another run of the tests on this machine takes the same ones.
            _left.extend(random.sample(_own, _EACH))
        port = _left.pop()
        with socket.socket() as probe:
            # As a server binds it: connections in TIME_WAIT do not hold it.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
            except OSError:
                continue
        return port
