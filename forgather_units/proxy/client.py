"""A client's connection in the relay's hands: what is sent to it, what is read of it, and whether it is still there."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Final

from forgather_units.proxy.chunked import ChunkedDecoder
from forgather_units.proxy.headers import Headers, values
from forgather_units.proxy.written_head import may_have_body, written_head

PIECE: Final = 256 * 1024
"""Bytes read at a time. What is not sent yet is one piece, so this is what a slow reader costs."""
_DRAIN_SECONDS: Final = 5.0


class ClientLeft(OSError):
    """Nobody is there any more."""


@dataclass(slots=True)
class Unread:
    """A request's body of which only `early` was read. `length` is None for a chunked one."""

    length: int | None
    early: bytes = b""
    wants_continue: bool = False


@dataclass(slots=True)
class Client:
    """A connection that the server gave up; it ends with this answer. `sock` does not block."""

    sock: socket.socket
    version: str
    method: str
    unread: Unread | None = None
    status: str = ""
    headers: Headers = field(default_factory=list)
    """What the application has said already, if it has."""
    stall: float = 300
    """Seconds without any progress, then we give up."""
    _chunked: bool = False

    async def send_head(self, status: str, headers: Headers, *, has_body: bool = True) -> None:
        """Status line and headers, and those that belong to this connection."""
        own: Headers = [("Connection", "close")]
        has_body = has_body and may_have_body(self.method, status)
        self._chunked = has_body and self.version == "1.1" and not values(headers, "content-length")
        if self._chunked:
            own.append(("Transfer-Encoding", "chunked"))
        await self.send_raw(written_head(self.version, status, headers, *own))

    @property
    def takes_bytes_as_they_are(self) -> bool:
        """Whether the body that was announced is sent without chunks."""
        return not self._chunked and self.method != "HEAD"

    async def send(self, piece: bytes) -> None:
        """A piece of the body. Waits as long as the client's side is full."""
        await self.send_raw(b"%X\r\n%b\r\n" % (len(piece), piece) if self._chunked else piece)

    async def send_end(self) -> None:
        """The body is whole."""
        if self._chunked:
            await self.send_raw(b"0\r\n\r\n")

    async def send_raw(self, data: bytes) -> None:
        """Bytes as they are; raises ClientLeft."""
        try:
            sent = self.sock.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise ClientLeft from error
        if sent == len(data):
            return
        try:
            async with asyncio.timeout(self.stall):
                await asyncio.get_running_loop().sock_sendall(self.sock, memoryview(data)[sent:])
        except (OSError, TimeoutError) as error:
            raise ClientLeft from error

    async def body(self) -> AsyncIterator[bytes]:
        """What was not read yet of the request's body, undone of its chunks; raises ClientLeft, NotHttp."""
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

    async def _receive(self, size: int) -> bytes:
        try:
            async with asyncio.timeout(self.stall):
                received = await asyncio.get_running_loop().sock_recv(self.sock, size)
        except (OSError, TimeoutError) as error:
            raise ClientLeft from error
        if not received:
            raise ClientLeft
        return received

    async def gone(self) -> None:
        """Returns when the client has left. It may have sent more; that is not looked at."""
        await readable(self.sock)
        try:
            if self.sock.recv(1, socket.MSG_PEEK):
                await asyncio.get_running_loop().create_future()  # another request, which we do not answer
        except OSError:
            return

    async def close(self) -> None:
        """End the connection. A client that is still sending reads our answer first: a reset would take it away."""
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
    """Until there is something to read, or the other side has closed."""
    loop = asyncio.get_running_loop()
    await _happens(loop.add_reader, loop.remove_reader, sock)


async def writable(sock: socket.socket) -> None:
    """Until it takes more, or the other side has closed."""
    loop = asyncio.get_running_loop()
    await _happens(loop.add_writer, loop.remove_writer, sock)


async def _happens(add: Callable[..., None], remove: Callable[[int], bool], sock: socket.socket) -> None:
    ready = asyncio.get_running_loop().create_future()
    # By its number: asyncio would spell out a socket that it does not know yet, at two calls to the kernel.
    number = sock.fileno()
    # Still ready at the next turn, before we are removed.
    add(number, lambda: None if ready.done() else ready.set_result(None))
    try:
        await ready
    finally:
        remove(number)


async def drained(sock: socket.socket) -> None:
    """Say that nothing more comes, and throw away what still arrives, for some seconds at most."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            sock.shutdown(socket.SHUT_WR)
            while await loop.sock_recv(sock, PIECE):
                pass
    except (OSError, TimeoutError):
        return


def whole_body(unread: Unread) -> bytes | None:
    """The body where all of it came with the head; None: the rest is still to come. Raises NotHttp."""
    if unread.wants_continue:
        return None
    if unread.length is not None:
        return unread.early if len(unread.early) == unread.length else None
    decoder = ChunkedDecoder()
    body = decoder.feed(unread.early)
    return body if decoder.done else None


async def send_stream(client: Client, pieces: AsyncGenerator[bytes, None]) -> None:
    """Send what the application said already, then `pieces` as they come; ends when they do or the client leaves."""
    sending = asyncio.create_task(_send_all(client, pieces))
    leaving = asyncio.create_task(client.gone())
    try:
        await asyncio.wait((sending, leaving), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in sending, leaving:
            task.cancel()
        await asyncio.gather(sending, leaving, return_exceptions=True)
        await pieces.aclose()
        await client.close()
    if sending.done() and not sending.cancelled():
        sending.result()


async def _send_all(client: Client, pieces: AsyncGenerator[bytes, None]) -> None:
    with contextlib.suppress(ClientLeft):
        await client.send_head(client.status, client.headers)
        async for piece in pieces:
            await client.send(piece)
        await client.send_end()
