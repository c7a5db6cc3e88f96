"""Reads the rest of a refused request, so that the client can read the response.

Closing a connection with unread bytes resets it, and the client may lose the response.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from waitress.channel import HTTPChannel

from forgather_units.http.downstream import drained
from forgather_units.http.relay import TRANSFERS

# Polls of 10 ms; waitress closes its side within milliseconds after the response.
_CLOSED_SOON: Final = 100


def duplicate(channel: HTTPChannel) -> socket.socket | None:
    """A duplicate of the client's socket; None if it is closed, or no descriptor is free."""
    try:
        made: socket.socket | None = channel.socket.dup()
    except (AttributeError, OSError):  # the loop's thread may close it at any time
        return None
    return made


def drain(channel: HTTPChannel, sock: socket.socket) -> None:
    """Read and discard from `sock`, a duplicate, in the relay, once waitress has sent the response. Closes `sock`."""
    if TRANSFERS.slots.reserve():
        TRANSFERS.start(_drain(channel, sock))
    else:
        sock.close()


async def _drain(channel: HTTPChannel, sock: socket.socket) -> None:
    with sock:
        for _ in range(_CLOSED_SOON):  # a poll: waitress sends no event
            if channel.socket is None:
                break
            await asyncio.sleep(0.01)
        await drained(sock)
