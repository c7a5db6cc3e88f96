"""The end of the server's loop: it takes no new connection, and answers what it has taken.

With a socket unit a restart then loses nothing: systemd keeps the queue of connections for the next server.
"""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Event
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from forgather_units.proxy.relay import TRANSFERS
from forgather_units.proxy.waitress_guard.loop import Loop

# A stream has no end that could be waited for; a page of TensorBoard has come by then.
_PATIENCE: Final = 2.0
_LOOK: Final = 0.02
_IDLE: Final = 1.0


class Stop:
    """Asked for in a signal handler: nothing that the loop is in the middle of is broken off."""

    def __init__(self) -> None:
        self._asked = Event()
        self._servers: tuple[Any, ...] = ()

    def ask(self) -> None:
        self._asked.set()
        for server in self._servers:
            # Wakes the loop; a pipe is written and nothing is locked. Asked in another thread, it may be over by now.
            with suppress(OSError):
                server.pull_trigger()

    def serve(self, loop: Loop) -> None:
        """Serve until asked to stop, then finish."""
        self._servers = tuple(each for each in loop.values() if isinstance(each, BaseWSGIServer))
        while not self._asked.is_set():
            loop.turn(_IDLE)
        for server in self._servers:
            server.del_channel(loop)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and _at_work(loop):
            loop.turn(_LOOK)


def _at_work(loop: Loop) -> bool:
    channels = [each for each in loop.values() if isinstance(each, HTTPChannel)]
    return TRANSFERS.places.taken > 0 or any(_is_busy(channel) for channel in channels)


def _is_busy(channel: Any) -> bool:
    # One that nothing was read from yet was accepted a moment ago: its request is on the way.
    is_new = channel.last_activity == channel.creation_time
    return bool(is_new or channel.requests or channel.request or channel.total_outbufs_len)
