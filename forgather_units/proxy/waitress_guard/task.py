"""Handing over: the application takes the client's connection out of waitress (`environ[HAND_OVER]()`) and finishes the
answer in the relay. The socket is duplicated; waitress closes its own and forgets the connection."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from typing import Any, Final

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.task import WSGITask

from forgather_units.auth.credentials import PEER
from forgather_units.proxy.client import Client, drained
from forgather_units.proxy.relay import TRANSFERS
from forgather_units.proxy.waitress_guard.environ import BEGUN, HAND_OVER, IN_MEMORY, UNREAD

# Who sends one of these is a reverse proxy, and its user is nobody of those whom it lets through.
_FORWARDING: Final = frozenset(
    {"FORWARDED", "VIA", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_REAL_IP"}
)
# waitress closes its side some milliseconds after the answer was written.
_CLOSED_SOON: Final = 100


class HandOverTask(WSGITask):  # type: ignore[misc]
    """A request whose connection the application may take."""

    handed_over = False
    wrote_header: bool

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environ."""
        environ: dict[str, Any] = super().get_environment()
        # Kept here it would hold itself, by `hand_over`, until the garbage collector looks.
        self.environ = None
        environ[IN_MEMORY] = InMemory
        environ[HAND_OVER] = self.hand_over
        if (peer := self.channel.peer) is not None and not _FORWARDING & set(self.request.headers):
            environ[PEER] = peer
        if self.request.unread is not None:
            environ[UNREAD] = self.request.unread
        if self.request.begun is not None:
            environ[BEGUN] = self.request.begun
        return environ

    def hand_over(self) -> Client | None:
        """The connection, for the application to answer; waitress then sends nothing more on it."""
        channel = self.channel
        # What waits to be sent belongs to an earlier request, and must leave before our answer.
        if self.wrote_header or channel.total_outbufs_len or len(channel.requests) > 1:
            return None
        sock = _duplicate(channel)
        if sock is None:
            return None
        # Nothing of an answer is left for waitress to write or to miss.
        self.wrote_header = self.close_on_finish = self.handed_over = True
        self.content_bytes_written, self.content_length = 0, None
        headers = list(self.response_headers)
        return Client(sock, self.version, self.request.command, self.request.unread, self.status, headers)

    def write(self, data: bytes) -> None:
        """As the task's own; a head and a body that are both there leave in one packet."""
        if self.wrote_header or not data or not self.has_body or self.content_length != len(data):
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header, self.content_bytes_written = True, len(data)
        self.channel.write_soon(head + data)

    def service(self) -> None:
        """Carry out the request; a refused upload is read for a while, so that its sender sees why."""
        channel, unread = self.channel, self.request.unread
        sock = _duplicate(channel) if unread is not None else None
        super().service()
        if sock is None:
            return
        if self.handed_over or not TRANSFERS.places.reserve():
            sock.close()
        else:
            TRANSFERS.start(_let_it_read(channel, sock))


def _duplicate(channel: HTTPChannel) -> socket.socket | None:
    """Another handle on the client's connection; None where it is closed, or no file can be opened."""
    try:
        duplicate: socket.socket | None = channel.socket.dup()
    except (AttributeError, OSError):  # waitress's own thread may close it at any time
        return None
    return duplicate


async def _let_it_read(channel: HTTPChannel, sock: socket.socket) -> None:
    with sock:
        for _ in range(_CLOSED_SOON):  # a poll: waitress tells nobody
            if channel.socket is None:
                break
            await asyncio.sleep(0.01)
        await drained(sock)


class InMemory(ReadOnlyFileBasedBuffer):  # type: ignore[misc]
    """A body as waitress sends files, without a copy of what the socket does not take."""

    def __init__(self, body: bytes, begins: int = 0) -> None:
        self._rest = memoryview(body)[begins:]
        self.remain = len(self._rest)

    def __len__(self) -> int:
        return self.remain

    def prepare(self, size: int | None = None) -> int:
        """How much of it is sent; `size` is the Content-Length."""
        self.remain = self.remain if size is None else min(self.remain, size)
        return self.remain

    def get(self, numbytes: int = -1, skip: bool = False) -> memoryview:
        """The next piece."""
        piece = self._rest[: self.remain if numbytes < 0 else min(numbytes, self.remain)]
        if skip:
            self.skip(len(piece))
        return piece

    def skip(self, numbytes: int, allow_prune: bool = False) -> None:
        """So much has been sent."""
        self._rest = self._rest[numbytes:]
        self.remain -= numbytes

    def __iter__(self) -> Iterator[bytes]:
        """For whoever stands between the application and the server."""
        yield bytes(self.get(skip=True))

    def close(self) -> None:
        self._rest = memoryview(b"")
