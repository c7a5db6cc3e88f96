"""The end of the server's loop: it takes no new connection, and answers what it has taken.

With a socket unit a restart then loses nothing: systemd keeps the queue of connections for the next server.
"""

from __future__ import annotations

import time
from threading import Event
from typing import Any, Final

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import BaseWSGIServer

from forgather_units.proxy.relay import TRANSFERS

# A stream has no end that could be waited for; a page of TensorBoard has come by then.
_PATIENCE: Final = 2.0
_LOOK: Final = 0.02


class Stop:
    """Asked for in a signal handler: nothing that the loop is in the middle of is broken off."""

    def __init__(self) -> None:
        self._asked = Event()
        self._servers: tuple[Any, ...] = ()

    def ask(self) -> None:
        self._asked.set()
        for server in self._servers:
            # Wakes the loop; a pipe is written and nothing is locked.
            server.pull_trigger()

    def serve(self, everything: dict[int, Any]) -> None:
        """Serve until asked to stop, then finish. `everything` is the map that the servers share."""
        self._servers = tuple(each for each in everything.values() if isinstance(each, BaseWSGIServer))
        about = self._servers[0].adj
        while not self._asked.is_set():
            wasyncore.loop(about.asyncore_loop_timeout, about.asyncore_use_poll, everything, count=1)
        for server in self._servers:
            server.del_channel(everything)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and _at_work(everything):
            wasyncore.loop(_LOOK, about.asyncore_use_poll, everything, count=1)


def _at_work(everything: dict[int, Any]) -> bool:
    channels = [each for each in everything.values() if isinstance(each, HTTPChannel)]
    return TRANSFERS.places.taken > 0 or any(_is_busy(channel) for channel in channels)


def _is_busy(channel: Any) -> bool:
    # One that nothing was read from yet was accepted a moment ago: its request is on the way.
    is_new = channel.last_activity == channel.creation_time
    return bool(is_new or channel.requests or channel.request or channel.total_outbufs_len)
