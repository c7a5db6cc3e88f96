"""Copies a body from socket to socket inside the kernel (splice(2)), at half the cost of reading and sending it."""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from forgather_units.http.downstream import ClientLeft, readable, writable
from forgather_units.proxy.upstream import broke, short, stalled

_PIPE: Final = 512 * 1024
"""Maximum bytes in the pipe."""
# Small socket buffers (the kernel doubles the numbers) stay in the processor's caches: a tenth faster than buffers that
# grow to some MiB, which a slow reader would also fill. A client 100 ms away still gets 10 MB/s.
_RECEIVED: Final = 128 * 1024
_TO_BE_SENT: Final = 512 * 1024


async def spliced(source: socket.socket, sink: socket.socket, left: int, stall: float, turn: int) -> None:
    """Copy `left` bytes between two non-blocking sockets. Yields to other tasks after each `turn` bytes.

    `stall`: maximum seconds without progress (0: no limit). Raises Broken or TookTooLong for the source, ClientLeft for
    the sink.
    """
    source.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _RECEIVED)
    sink.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _TO_BE_SENT)
    with _pipe() as (outlet, inlet):
        passed = 0
        while left:
            taken = await _take(source, inlet, left, stall)
            left -= taken
            await _give(outlet, sink, taken, stall)
            passed += taken
            if passed > turn:
                passed = 0
                await asyncio.sleep(0)


async def _take(source: socket.socket, inlet: int, left: int, stall: float) -> int:
    while True:
        try:
            taken = os.splice(source.fileno(), inlet, min(left, _PIPE), flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            pass
        except OSError as error:
            raise broke(error) from error
        else:
            if not taken:
                raise short(left)
            return taken
        try:
            async with asyncio.timeout(stall or None):
                await readable(source)
        except TimeoutError as error:
            raise stalled() from error


async def _give(outlet: int, sink: socket.socket, taken: int, stall: float) -> None:
    while taken:
        try:
            taken -= os.splice(outlet, sink.fileno(), taken, flags=os.SPLICE_F_NONBLOCK)
        except BlockingIOError:
            try:
                async with asyncio.timeout(stall or None):
                    await writable(sink)
            except TimeoutError as error:
                raise ClientLeft from error
        except OSError as error:
            raise ClientLeft from error


@contextmanager
def _pipe() -> Iterator[tuple[int, int]]:
    """Read end, write end."""
    outlet, inlet = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # a user's pipe memory is limited; a small pipe works too, slower
            fcntl.fcntl(inlet, fcntl.F_SETPIPE_SZ, _PIPE)
        yield outlet, inlet
    finally:
        os.close(outlet)
        os.close(inlet)
