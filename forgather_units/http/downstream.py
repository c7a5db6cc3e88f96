"""A client's connection that the relay has taken from waitress: sending, receiving, and noticing that it closes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

from forgather_units.http.chunked import ChunkedDecoder
from forgather_units.http.message import Headers, Reply, values
from forgather_units.http.response_writer import format_head, may_have_body

PIECE: Final = 256 * 1024
"""Bytes read at a time, and the most that one slow reader occupies: only one piece is unsent."""
_DRAIN_SECONDS: Final = 5.0


class ClientLeft(OSError):
    """The client has closed the connection, or made no progress for too long."""


@dataclass(slots=True)
class Unread:
    """A request body of which waitress has read only `early`. `length` is None for a chunked one."""

    length: int | None
    early: bytes = b""
    wants_continue: bool = False


@dataclass(slots=True)
class ClientConnection:
    """A connection taken out of waitress; it is closed after this response. `sock` does not block."""

    sock: socket.socket
    version: str
    method: str
    unread: Unread | None = None
    status: str = ""
    headers: Headers = field(default_factory=list)
    """Status and headers as the application passed them to start_response, if it did."""
    stall: float = 300
    """Seconds without any progress before ClientLeft."""
    _chunked: bool = False
    _torn: bool = False
    """A send stopped in the middle: nothing else may follow."""

    async def send_head(self, status: str, headers: Headers, *, has_body: bool = True) -> None:
        """Send the status line, `headers` and the headers of this connection."""
        own: Headers = [("Connection", "close")]
        has_body = has_body and may_have_body(self.method, status)
        self._chunked = has_body and self.version == "1.1" and not values(headers, "content-length")
        if self._chunked:
            own.append(("Transfer-Encoding", "chunked"))
        await self.send_raw(format_head(self.version, status, headers, *own))

    async def send_reply(self, reply: Reply) -> None:
        """Send a complete response."""
        await self.send_head(reply.status, reply.headers)
        if self.method != "HEAD":
            await self.send_raw(reply.body)

    @property
    def is_unchunked(self) -> bool:
        """Whether the body is sent as it is, without chunk headers."""
        return not self._chunked and self.method != "HEAD"

    async def send(self, piece: bytes) -> None:
        """Send a piece of the body; waits while the client's buffers are full."""
        await self.send_raw(b"%X\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)

    async def send_end(self) -> None:
        """End the body."""
        if self._chunked:
            await self.send_raw(b"0\r\n\r\n")

    def end_early(self) -> None:
        """End a chunked body here, if that is possible without waiting."""
        if self._chunked:
            self.send_now(b"0\r\n\r\n")

    def send_now(self, data: bytes) -> None:
        """Send a few bytes if that is possible without waiting, and if they do not interrupt other data."""
        if not self._torn:
            with contextlib.suppress(OSError):
                self.sock.send(data)

    async def send_raw(self, data: bytes) -> None:
        """Send bytes without framing; raises ClientLeft."""
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise ClientLeft from error
        if sent == len(data):
            return
        self._torn = True
        try:
            async with asyncio.timeout(self.stall):
                await asyncio.get_running_loop().sock_sendall(self.sock, memoryview(data)[sent:])
        except (OSError, TimeoutError) as error:
            raise ClientLeft from error
        self._torn = False

    async def body(self) -> AsyncIterator[bytes]:
        """The unread part of the request's body, decoded; raises ClientLeft, NotHttp."""
        if (unread := self.unread) is None:
            return
        if unread.wants_continue:
            await self.send_raw(b"HTTP/1.1 100 Continue\r\n\r\n")
        pieces = self._fixed(unread.early, unread.length) if unread.length is not None else self._chunks(unread.early)
        async for piece in pieces:
            yield piece
        self.unread = None

    async def _fixed(self, early: bytes, left: int) -> AsyncIterator[bytes]:
        piece = early[:left]
        while left:
            if not piece:
                piece = await self._receive(min(PIECE, left))
            left -= len(piece)
            yield piece
            piece = b""

    async def _chunks(self, early: bytes) -> AsyncIterator[bytes]:
        decoder = ChunkedDecoder()
        received = early
        while True:
            if received and (piece := decoder.feed(received)):
                yield piece
            if decoder.done:
                return
            received = await self._receive(PIECE)

    async def receive(self) -> bytes:
        """What the client sends after its request; waits as long as it takes. Empty at its end. Raises ClientLeft."""
        try:
            return await asyncio.get_running_loop().sock_recv(self.sock, PIECE)
        except OSError as error:
            raise ClientLeft from error

    async def _receive(self, size: int) -> bytes:
        try:
            async with asyncio.timeout(self.stall):
                received = await asyncio.get_running_loop().sock_recv(self.sock, size)
        except (OSError, TimeoutError) as error:
            raise ClientLeft from error
        if not received:
            raise ClientLeft
        return received

    async def wait_closed(self) -> None:
        """Return when the client has closed the connection. Further requests on it are not read."""
        await readable(self.sock)
        try:
            if self.sock.recv(1, socket.MSG_PEEK):
                await asyncio.get_running_loop().create_future()  # a further request, which gets no response
        except OSError:
            return

    async def close(self) -> None:
        """Close the connection, after draining a client that still sends: a reset could discard our response."""
        try:
            if self.unread is not None or self._has_sent_more():
                await drained(self.sock)
        finally:
            self.sock.close()

    def _has_sent_more(self) -> bool:
        try:
            return bool(self.sock.recv(1, socket.MSG_PEEK))
        except OSError:
            return False


async def readable(sock: socket.socket) -> None:
    """Wait until there is something to read, or the peer has closed."""
    loop = asyncio.get_running_loop()
    await _wait_for_event(loop.add_reader, loop.remove_reader, sock)


async def writable(sock: socket.socket) -> None:
    """Wait until the socket accepts more, or the peer has closed."""
    loop = asyncio.get_running_loop()
    await _wait_for_event(loop.add_writer, loop.remove_writer, sock)


async def _wait_for_event(add: Callable[..., None], remove: Callable[[int], bool], sock: socket.socket) -> None:
    ready = asyncio.get_running_loop().create_future()
    # The number, not the socket: for a new socket asyncio would format its repr, which takes two system calls.
    number = sock.fileno()
    # May be called twice before it is removed.
    add(number, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        remove(number)


async def drained(sock: socket.socket) -> None:
    """Shut down our side, then read and discard until the peer closes, for a few seconds at most."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            sock.shutdown(socket.SHUT_WR)
            while await loop.sock_recv(sock, PIECE):
                pass
    except (OSError, TimeoutError):
        return


def whole_body(unread: Unread) -> bytes | None:
    """The body if all of it arrived with the head, else None. Raises NotHttp."""
    if unread.wants_continue:
        return None
    if unread.length is not None:
        return unread.early if len(unread.early) == unread.length else None
    decoder = ChunkedDecoder()
    body = decoder.feed(unread.early)
    return body if decoder.done else None


async def send_stream(client: ClientConnection, pieces: AsyncGenerator[bytes, None]) -> None:
    """Send the head, then `pieces` as they come, until they end or the client leaves."""
    sending = asyncio.create_task(_send_all(client, pieces))
    leaving = asyncio.create_task(client.wait_closed())
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        is_over = sending.done()
        for task in sending, leaving:
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
        if not is_over:
            client.end_early()
        await pieces.aclose()
        await client.close()
    if sending.done() and not sending.cancelled():
        sending.result()


async def _send_all(client: ClientConnection, pieces: AsyncGenerator[bytes, None]) -> None:
    with contextlib.suppress(ClientLeft):
        await client.send_head(client.status, client.headers)
        async for piece in pieces:
            await client.send(piece)
        await client.send_end()
