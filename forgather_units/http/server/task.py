"""Hand-over: the application takes the client's connection out of waitress (`environ[HAND_OVER]()`) and completes the
response in the relay. The socket is duplicated; waitress closes its own and forgets the connection."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.task import WSGITask

from forgather_units.auth.credentials import PEER
from forgather_units.http.downstream import ClientConnection
from forgather_units.http.server.drain import drain, duplicate
from forgather_units.http.server.environ import HAND_OVER, IN_FLIGHT, IN_MEMORY, UNREAD
from forgather_units.http.server.forwarded import came_through


class HandOverTask(WSGITask):  # type: ignore[misc]
    """A WSGI task whose connection the application may take."""

    handed_over = False
    wrote_header: bool

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environ."""
        environ: dict[str, Any] = super().get_environment()
        # Without this the task would reference itself through `hand_over`, until a garbage collection.
        self.environ = None
        environ[IN_MEMORY] = InMemory
        environ[HAND_OVER] = self.hand_over
        # Otherwise the peer uid is the proxy's, not the end user's.
        if (peer := self.channel.peer) is not None and not came_through(environ, is_unix=True):
            environ[PEER] = peer
        self.channel.proxies.apply(environ, is_unix=self.channel.is_unix)
        if self.request.unread is not None:
            environ[UNREAD] = self.request.unread
        if self.request.in_flight is not None:
            environ[IN_FLIGHT] = self.request.in_flight
        return environ

    def hand_over(self) -> ClientConnection | None:
        """Take the connection out of waitress, which sends nothing more on it. None if that is not possible now."""
        channel = self.channel
        # Unsent output belongs to an earlier request, and must be sent first.
        if self.wrote_header or channel.total_outbufs_len or len(channel.requests) > 1:
            return None
        sock = duplicate(channel)
        if sock is None:
            return None
        # waitress has no part of a response left to write or to miss.
        self.wrote_header = self.close_on_finish = self.handed_over = True
        self.content_bytes_written, self.content_length = 0, None
        headers = list(self.response_headers)
        return ClientConnection(sock, self.version, self.request.command, self.request.unread, self.status, headers)

    def write(self, data: bytes) -> None:
        """Like WSGITask.write, but sends a head and its complete body in one packet."""
        if self.wrote_header or not data or not self.has_body or self.content_length != len(data):
            super().write(data)
            return
        head = self.build_response_header()
        self.wrote_header, self.content_bytes_written = True, len(data)
        self.channel.write_soon(head + data)

    def service(self) -> None:
        """Serve the request; drains a refused upload for a while, so that the client can read the response."""
        channel, unread = self.channel, self.request.unread
        sock = duplicate(channel) if unread is not None else None
        super().service()
        channel.response_written = True
        if sock is None:
            return
        if self.handed_over:
            sock.close()
        else:
            drain(channel, sock)


class InMemory(ReadOnlyFileBasedBuffer):  # type: ignore[misc]
    """A body in memory that waitress sends as it does files, without copying the unsent rest."""

    def __init__(self, body: bytes, begins: int = 0) -> None:
        self._rest = memoryview(body)[begins:]
        self.remain = len(self._rest)

    def __len__(self) -> int:
        return self.remain

    def prepare(self, size: int | None = None) -> int:
        """Limit it to `size`, the Content-Length; returns its length."""
        self.remain = self.remain if size is None else min(self.remain, size)
        return self.remain

    def get(self, numbytes: int = -1, skip: bool = False) -> memoryview:
        """The next piece."""
        piece = self._rest[: self.remain if numbytes < 0 else min(numbytes, self.remain)]
        if skip:
            self.skip(len(piece))
        return piece

    def skip(self, numbytes: int, allow_prune: bool = False) -> None:
        """Drop the bytes that were sent."""
        self._rest = self._rest[numbytes:]
        self.remain -= numbytes

    def __iter__(self) -> Iterator[bytes]:
        """For middleware between the application and the server."""
        yield bytes(self.get(skip=True))

    def close(self) -> None:
        self._rest = memoryview(b"")
