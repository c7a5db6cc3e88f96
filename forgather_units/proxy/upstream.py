"""One request to a viewer and its response, over one connection, in bounded memory.

TensorBoard closes the connection after each response, so there is nothing to pool. The response is read while the
request is sent: a viewer that responds as it reads (an echo, an early error) would otherwise deadlock with us.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from forgather_units.http.chunked import ChunkedDecoder
from forgather_units.http.in_flight import Progress
from forgather_units.http.response_head import (
    Chunked,
    Fixed,
    Framing,
    NoBody,
    NotHttp,
    ResponseHead,
    framing,
    parse_head,
)
from forgather_units.proxy.connection import Timeouts, TookTooLong, send_at_once, set_timeout
from forgather_units.proxy.destination import VIEWER

PIECE: Final = 64 * 1024
"""Bytes read at a time by a worker thread."""
_MAX_HEAD: Final = 256 * 1024
_MAX_INTERIM: Final = 20
_HEAD_END: Final = b"\r\n\r\n"
ONE_PACKET: Final = 16 * 1024
"""Bytes that a new connection accepts at once."""


class Broken(OSError):
    """The viewer's response failed or is incomplete; the text is one sentence for the user."""


class HeadReader:
    """Incremental reader of a response head. `rest` contains the bytes received after the head."""

    __slots__ = ("_interim", "_searched", "head", "rest")

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.rest = bytearray()
        self._searched = 0
        self._interim = 0

    def feed(self, received: bytes) -> None:
        """Parse received bytes; raises Broken."""
        self.rest += received
        while self.head is None:
            end = self.rest.find(_HEAD_END, self._searched)
            if end > _MAX_HEAD or (end < 0 and len(self.rest) > _MAX_HEAD):
                raise Broken(f"The headers of {VIEWER}'s response are larger than {_MAX_HEAD // 1024} KiB.")
            if end < 0:
                self._searched = max(0, len(self.rest) - 3)
                return
            self._parse(end)

    def _parse(self, end: int) -> None:
        try:
            head = parse_head(bytes(self.rest[:end]))
        except NotHttp as error:
            raise no_http(error) from error
        del self.rest[: end + len(_HEAD_END)]
        self._searched = 0
        if not head.is_interim:
            self.head = head
            return
        self._interim += 1
        if head.code == 101 or self._interim >= _MAX_INTERIM:
            raise Broken(f"{VIEWER} switched to another protocol without a request for it.")


class Exchange:
    """A request in progress and its response. Always `close` it.

    Raises (all are OSError): Unreachable, TookTooLong, Broken.
    """

    __slots__ = (
        "_broken",
        "_framing",
        "_patience",
        "_request",
        "has_failed_to_start",
        "method",
        "reader",
        "sock",
        "timeouts",
        "unsent",
    )

    def __init__(self, sock: socket.socket, method: str, request: bytes, timeouts: Timeouts, patience: float) -> None:
        """Send as much of `request` (head and body) as `sock` accepts at once. `sock` is connected or connecting, and
        owned by the exchange from now on. `patience`: seconds that `complete_body` waits."""
        self.method = method
        self.timeouts = timeouts
        self._patience = patience
        self._framing: Framing | None = None
        self._broken: Broken | None = None
        self.has_failed_to_start = False
        """The first send failed: nothing was sent."""
        self.reader = HeadReader()
        self.sock = sock
        try:
            self._request = self.unsent = memoryview(request)
            if len(request) > ONE_PACKET:
                send_at_once(self.sock)
            self._send_some()
        except BaseException:
            self.close()
            raise

    @property
    def head(self) -> ResponseHead:
        """The response's head, after it has arrived."""
        assert self.reader.head is not None
        return self.reader.head

    def close(self) -> None:
        """Close the connection; safe to repeat."""
        self.sock.close()

    def break_off(self) -> None:
        """Make a pending read of the response fail with Broken. Thread-safe until `close`."""
        with suppress(OSError):  # the viewer has left
            self.sock.shutdown(socket.SHUT_RDWR)

    def complete_body(self, largest: int) -> bytes | None:
        """The body, if it arrives soon and its length is known and at most `largest`; else None, and nothing is
        lost."""
        if self._broken is not None:
            raise self._broken
        deadline = time.monotonic() + self._patience
        while self._is_coming(largest):
            if not self._receive(deadline):
                return None
        match self.framing():
            case NoBody():
                return b""
            case Fixed(length=length) if length <= largest:
                return bytes(memoryview(self.reader.rest)[:length])
        return None

    @property
    def has_sent_nothing(self) -> bool:
        """Whether no byte of the request was sent."""
        return self.has_failed_to_start or len(self.unsent) == len(self._request)

    def poll(self, largest: int) -> Progress:
        """Send and receive; for a non-blocking `sock`. `largest` as in `complete_body`, which raises the errors found
        here."""
        if self.unsent:
            self._send_some()
        if self.has_failed_to_start:
            return Progress.NOT_STARTED
        try:
            if not self._receive_some() or self.reader.head is None:
                return Progress.INCOMPLETE
            kind = self.framing()
        except Broken as error:
            self._broken = error
            return Progress.DEFER
        match kind:
            case NoBody():
                return Progress.COMPLETE
            case Fixed(length=length) if length <= largest:
                return Progress.COMPLETE if len(self.reader.rest) >= length else Progress.INCOMPLETE
        return Progress.DEFER

    def _is_coming(self, largest: int) -> bool:
        """Whether `complete_body` waits for more."""
        if self.reader.head is None:
            return True
        kind = self.framing()
        return isinstance(kind, Fixed) and len(self.reader.rest) < kind.length <= largest

    def framing(self) -> Framing:
        """How the body ends; raises Broken."""
        if self._framing is None:
            try:
                self._framing = framing(self.head, self.method)
            except NotHttp as error:
                raise no_http(error) from error
        return self._framing

    def body(self) -> Iterator[bytes]:
        """The body in pieces; this thread waits for them. For connections that cannot be handed over."""
        self.sock.setblocking(True)
        set_timeout(self.sock, socket.SO_RCVTIMEO, self.timeouts.stall)
        while self.reader.head is None:
            if not self._receive(None):
                raise stalled()
        return self._pieces(self.framing())

    def _pieces(self, kind: Framing) -> Iterator[bytes]:
        body = BodyReader(kind)
        received = bytes(self.reader.rest)
        while not body.done:
            if received and (piece := body.feed(received)):
                yield piece
            if not body.done:
                received = self._read_piece()
                if not received:
                    body.end()

    def _receive(self, deadline: float | None) -> bool:
        """Whether something was received before the deadline; raises Broken."""
        if self.unsent and not self._send_until_readable(deadline):
            return False
        return self._receive_some() and (deadline is None or time.monotonic() < deadline)

    def _receive_some(self) -> bool:
        """Whether something was received; raises Broken."""
        try:
            received = self.sock.recv(PIECE)
        except BlockingIOError:
            return False
        except OSError as error:
            raise broke(error) from error
        if not received:
            raise short(self._left())
        self.reader.feed(received)
        return True

    def _left(self) -> int | None:
        """The missing bytes of the body, if the head has arrived."""
        kind = None if self.reader.head is None else self.framing()
        return kind.length - len(self.reader.rest) if isinstance(kind, Fixed) else None

    def _read_piece(self) -> bytes:
        try:
            return self.sock.recv(PIECE)
        except BlockingIOError as error:
            raise stalled() from error
        except OSError as error:
            raise broke(error) from error

    def _send_some(self) -> None:
        """Send without blocking."""
        try:
            sent = self.sock.send(self.unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            # The viewer accepts no more of it; an earlier response (413, say) can still be read.
            self.has_failed_to_start = self.has_sent_nothing
            self.unsent = memoryview(b"")
            return
        self.unsent = self.unsent[sent:]

    def _send_until_readable(self, deadline: float | None) -> bool:
        """Send until something can be read or all is sent; whether that happened before the deadline."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN | select.POLLOUT)
        while self.unsent:
            seconds = self.timeouts.stall or None if deadline is None else max(0.0, deadline - time.monotonic())
            ready = poll.poll(None if seconds is None else seconds * 1000)
            if not ready:
                if deadline is None:
                    raise stalled()
                return False
            if ready[0][1] != select.POLLOUT:
                return True
            self._send_some()
        return True


class BodyReader:
    """Incremental reader of a body by its framing. `left`: missing bytes, if known."""

    __slots__ = ("_decoder", "done", "left")

    def __init__(self, kind: Framing) -> None:
        self._decoder = ChunkedDecoder() if isinstance(kind, Chunked) else None
        self.left = kind.length if isinstance(kind, Fixed) else None
        self.done = isinstance(kind, NoBody) or self.left == 0

    def feed(self, received: bytes) -> bytes:
        """The part of the body in the received bytes; raises Broken."""
        if self._decoder is not None:
            try:
                piece = self._decoder.feed(received)
            except NotHttp as error:
                raise no_http(error) from error
            self.done = self._decoder.done
            return piece
        if self.left is None:
            return received
        piece = received if len(received) <= self.left else received[: self.left]
        self.left -= len(piece)
        self.done = not self.left
        return piece

    def end(self) -> None:
        """The viewer has closed; raises Broken unless that ends the body."""
        if self._decoder is not None:
            raise Broken(f"{VIEWER} closed the connection before the last chunk of its response.")
        if self.left is not None:
            raise short(self.left)
        self.done = True


def short(left: int | None) -> Broken:
    """The error for a premature close: `left` bytes before the end, or None: before the head was complete."""
    if left is None:
        return Broken(f"{VIEWER} closed the connection without a complete response.")
    return Broken(f"{VIEWER} closed the connection {left} bytes before the end of its response.")


def stalled() -> TookTooLong:
    return TookTooLong(f"{VIEWER} did not respond in time.")


def broke(error: OSError) -> Broken:
    return Broken(f"The connection to {VIEWER} broke ({error.strerror or error}).")


def no_http(error: NotHttp) -> Broken:
    return Broken(f"{VIEWER}'s response is not HTTP: {error}.")
