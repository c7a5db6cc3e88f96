"""One request to a viewer and its response, over one connection, in bounded memory.

TensorBoard closes after each response, so there is nothing to pool. The request's body is sent while the response is
already read: a viewer that answers as it reads (an echo, an early refusal) would otherwise block with us for ever.
"""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from typing import Final, Protocol

from forgather_units.proxy.chunked import ChunkedDecoder
from forgather_units.proxy.connection import Timeouts, TookTooLong, connect, send_at_once, set_timeout
from forgather_units.proxy.response_head import (
    Chunked,
    Fixed,
    NoBody,
    NotHttp,
    ResponseHead,
    UntilClose,
    framing,
    parse_head,
)
from forgather_units.proxy.target import Open, OpenUnix

PIECE: Final = 64 * 1024
"""Bytes of a body read or sent at a time."""
_MAX_HEAD: Final = 256 * 1024
_MAX_INTERIM: Final = 20
_HEAD_END: Final = b"\r\n\r\n"


class Readable(Protocol):
    """A request's body, as WSGI gives it."""

    def read(self, size: int, /) -> bytes: ...


class Broken(OSError):
    """The viewer's response cannot be had, or not to its end; the text is one sentence for a person."""


class Exchange:
    """A request on its way and the response that comes back; `close` it in every case.

    Raises (all are OSError): Unreachable, TookTooLong, Broken.
    """

    __slots__ = ("_body_left", "_method", "_received", "_request_body", "_sock", "_timeouts", "_unsent", "head")

    head: ResponseHead

    def __init__(
        self, where: Open | OpenUnix, method: str, request_head: bytes, body: Readable, length: int, timeouts: Timeouts
    ) -> None:
        """Sends the request (its body has `length` bytes) and reads the response's head."""
        self._method = method
        self._request_body = body
        self._body_left = length
        self._timeouts = timeouts
        self._received = b""
        self._sock = connect(where, timeouts)
        try:
            # A small request leaves in one packet.
            self._unsent = memoryview(request_head + self._fill())
            if self._body_left:
                send_at_once(self._sock)
            self._send_some()
            self.head = self._read_head()
            if timeouts.stall != timeouts.first_byte:
                set_timeout(self._sock, socket.SO_RCVTIMEO, timeouts.stall)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the connection; safe to repeat."""
        self._sock.close()

    def body(self) -> Iterator[bytes] | None:
        """The response's body in pieces that are never empty; None where it has none.

        Raises Broken for a wrong framing; the iterator raises Broken or TookTooLong where the viewer ends or stalls
        before the body does.
        """
        try:
            match framing(self.head, self._method):
                case NoBody() | Fixed(length=0):
                    return None
                case Fixed(length=length):
                    return self._fixed(length)
                case Chunked():
                    return self._chunked()
                case UntilClose():
                    return self._until_close()
        except NotHttp as error:
            self.close()
            raise _no_http(error) from error

    def _fixed(self, left: int) -> Iterator[bytes]:
        while left:
            piece = self._next()[:left]
            if not piece:
                raise Broken(f"TensorBoard closed the connection {left} bytes before the end of its answer.")
            left -= len(piece)
            yield piece

    def _chunked(self) -> Iterator[bytes]:
        decoder = ChunkedDecoder()
        while not decoder.done:
            received = self._next()
            if not received:
                raise Broken("TensorBoard closed the connection before the last chunk of its answer.")
            try:
                piece = decoder.feed(received)
            except NotHttp as error:
                raise _no_http(error) from error
            if piece:
                yield piece

    def _until_close(self) -> Iterator[bytes]:
        while piece := self._next():
            yield piece

    def _fill(self) -> bytes:
        """The next piece of the request's body; empty at its end."""
        if not self._body_left:
            return b""
        piece = self._request_body.read(min(PIECE, self._body_left))
        if not piece:
            raise Broken("The request's body ended before its Content-Length.")
        self._body_left -= len(piece)
        return piece

    def _send_some(self) -> None:
        """Send without waiting, and have the next piece ready once this one is gone."""
        try:
            sent = self._sock.send(self._unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            # It takes no more of the request; what it answered before that (413, say) can still be read.
            self._unsent, self._body_left = memoryview(b""), 0
            return
        self._unsent = self._unsent[sent:] or memoryview(self._fill())

    def _send_until_answered(self) -> None:
        """Send as fast as it is taken, until something can be read or all is sent."""
        poll = select.poll()
        poll.register(self._sock, select.POLLIN | select.POLLOUT)
        while self._unsent:
            ready = poll.poll(self._timeouts.stall * 1000 or None)
            if not ready:
                raise _stalled()
            if ready[0][1] != select.POLLOUT:
                return
            self._send_some()

    def _read_head(self) -> ResponseHead:
        for _ in range(_MAX_INTERIM):
            head = self._read_one_head()
            if not head.is_interim:
                return head
            if head.code == 101:
                break
        raise Broken("TensorBoard switched to another protocol, which nobody asked for.")

    def _read_one_head(self) -> ResponseHead:
        buffer = bytearray(self._received)
        searched = 0
        while (end := buffer.find(_HEAD_END, searched)) < 0 and len(buffer) <= _MAX_HEAD:
            searched = max(0, len(buffer) - 3)
            received = self._receive()
            if not received:
                raise Broken("TensorBoard closed the connection without a complete answer.")
            buffer += received
        if not 0 <= end <= _MAX_HEAD:
            raise Broken(f"The headers of TensorBoard's answer are larger than {_MAX_HEAD // 1024} KiB.")
        self._received = bytes(buffer[end + 4 :])
        try:
            return parse_head(bytes(buffer[:end]))
        except NotHttp as error:
            raise _no_http(error) from error

    def _next(self) -> bytes:
        """What came with the head, then what comes; empty at the end."""
        if self._received:
            received, self._received = self._received, b""
            return received
        return self._receive()

    def _receive(self) -> bytes:
        if self._unsent:
            self._send_until_answered()
        try:
            return self._sock.recv(PIECE)
        except BlockingIOError as error:
            raise _stalled() from error
        except OSError as error:
            raise Broken(f"The connection to TensorBoard broke ({error.strerror or error}).") from error


def _stalled() -> TookTooLong:
    return TookTooLong("TensorBoard did not answer in time.")


def _no_http(error: NotHttp) -> Broken:
    return Broken(f"TensorBoard's answer is not HTTP: {error}.")
