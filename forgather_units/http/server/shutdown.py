"""Graceful shutdown: accept no new connections, finish the pending requests.

With a socket unit a restart then loses no connection: systemd keeps the backlog for the next server.
"""

from __future__ import annotations

import time
from contextlib import suppress
from threading import Event
from typing import Any, Final

from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from forgather_units.http.relay import TRANSFERS
from forgather_units.http.server.loop import Loop

# Seconds. Streams do not end by themselves; a page of TensorBoard loads faster than this.
_PATIENCE: Final = 2.0
_POLL: Final = 0.02
_IDLE: Final = 1.0


class Stop:
    """Can be requested in a signal handler: the loop finishes its current round."""

    def __init__(self) -> None:
        self._requested = Event()
        self._servers: tuple[Any, ...] = ()

    def request(self) -> None:
        self._requested.set()
        for server in self._servers:
            # Wakes the loop by a write to its pipe, without a lock. In another thread the server may be closed already.
            with suppress(OSError):
                server.pull_trigger()

    def serve(self, loop: Loop) -> None:
        """Serve until the stop is requested, then finish pending requests."""
        self._servers = tuple(dispatcher for dispatcher in loop.values() if isinstance(dispatcher, BaseWSGIServer))
        while not self._requested.is_set():
            loop.run_once(_IDLE)
        for server in self._servers:
            server.del_channel(loop)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and _has_work(loop):
            loop.run_once(_POLL)


def _has_work(loop: Loop) -> bool:
    channels = [dispatcher for dispatcher in loop.values() if isinstance(dispatcher, HTTPChannel)]
    return TRANSFERS.slots.in_use > 0 or any(_is_busy(channel) for channel in channels)


def _is_busy(channel: Any) -> bool:
    # A connection without any input was accepted just now: its request is on the way.
    is_new = channel.last_activity == channel.creation_time
    return bool(is_new or channel.requests or channel.request or channel.total_outbufs_len)
