"""One request to a viewer and its response, over one connection, in bounded memory.

TensorBoard closes after each response, so there is nothing to pool. The request is sent while the response is already
read: a viewer that answers as it reads (an echo, an early refusal) would otherwise block with us for ever.
"""

from __future__ import annotations

import select
import socket
import time
from collections.abc import Iterator
from enum import Enum
from typing import Final

from forgather_units.proxy.chunked import ChunkedDecoder
from forgather_units.proxy.connection import Timeouts, TookTooLong, send_at_once, set_timeout
from forgather_units.proxy.response_head import (
    Chunked,
    Fixed,
    Framing,
    NoBody,
    NotHttp,
    ResponseHead,
    framing,
    parse_head,
)

PIECE: Final = 64 * 1024
"""Bytes read at a time by a worker thread."""
_MAX_HEAD: Final = 256 * 1024
_MAX_INTERIM: Final = 20
_HEAD_END: Final = b"\r\n\r\n"
ONE_PACKET: Final = 16 * 1024
"""Bytes that a fresh connection takes at once."""


class Broken(OSError):
    """The viewer's response cannot be had, or not to its end; the text is one sentence for a person."""


class Arrival(Enum):
    """How much of an answer is there."""

    NOT_BEGUN = "the connection failed before anything was sent: from the beginning, by whoever can wait"
    COMING = "more is to come"
    WHOLE = "all of it"
    LONG = "it is large, has no end that is known, or is broken: for whoever can wait"


class HeadReader:
    """The head of a response out of the bytes as they arrive. `rest` is what arrived behind it."""

    __slots__ = ("_interim", "_searched", "head", "rest")

    def __init__(self) -> None:
        self.head: ResponseHead | None = None
        self.rest = bytearray()
        self._searched = 0
        self._interim = 0

    def feed(self, received: bytes) -> None:
        """Take in what arrived; raises Broken."""
        self.rest += received
        while self.head is None:
            end = self.rest.find(_HEAD_END, self._searched)
            if end > _MAX_HEAD or (end < 0 and len(self.rest) > _MAX_HEAD):
                raise Broken(f"The headers of TensorBoard's answer are larger than {_MAX_HEAD // 1024} KiB.")
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
            raise Broken("TensorBoard switched to another protocol, which nobody asked for.")


class Exchange:
    """A request on its way and the response that comes back; `close` it in every case.

    Raises (all are OSError): Unreachable, TookTooLong, Broken.
    """

    __slots__ = (
        "_broken",
        "_framing",
        "_patience",
        "_request",
        "has_failed_to_begin",
        "method",
        "reader",
        "sock",
        "timeouts",
        "unsent",
    )

    def __init__(self, sock: socket.socket, method: str, request: bytes, timeouts: Timeouts, patience: float) -> None:
        """Sends of `request` (head and body) what is taken at once over `sock`, which is its own from now on, connected
        or about to be. `patience`, in seconds, is how long `whole` waits."""
        self.method = method
        self.timeouts = timeouts
        self._patience = patience
        self._framing: Framing | None = None
        self._broken: Broken | None = None
        self.has_failed_to_begin = False
        """The connection takes nothing, and has taken nothing."""
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
        """The response's head, once it is there."""
        assert self.reader.head is not None
        return self.reader.head

    def close(self) -> None:
        """End the connection; safe to repeat."""
        self.sock.close()

    def whole(self, largest: int) -> bytes | None:
        """The whole body, if it is there soon and of a known length up to `largest`; else None, with nothing lost."""
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
        """Whether the viewer knows nothing of it."""
        return self.has_failed_to_begin or len(self.unsent) == len(self._request)

    def arrived(self, largest: int) -> Arrival:
        """What there is of it, where `sock` does not block. `largest` as for `whole`, which raises what is wrong."""
        if self.unsent:
            self._send_some()
        if self.has_failed_to_begin:
            return Arrival.NOT_BEGUN
        try:
            if not self._take() or self.reader.head is None:
                return Arrival.COMING
            kind = self.framing()
        except Broken as error:
            self._broken = error
            return Arrival.LONG
        match kind:
            case NoBody():
                return Arrival.WHOLE
            case Fixed(length=length) if length <= largest:
                return Arrival.WHOLE if len(self.reader.rest) >= length else Arrival.COMING
        return Arrival.LONG

    def _is_coming(self, largest: int) -> bool:
        """Whether there is more of it to wait for, as far as `whole` would."""
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
        """The body in pieces, waited for in this thread: for where there is no relay to do it."""
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
        """Whether something arrived in time; raises Broken."""
        if self.unsent and not self._send_until_answered(deadline):
            return False
        return self._take() and (deadline is None or time.monotonic() < deadline)

    def _take(self) -> bool:
        """Whether something has arrived; raises Broken."""
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
        """How many bytes of the body are still to come, where it has begun."""
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
        """Send without waiting."""
        try:
            sent = self.sock.send(self.unsent, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            # It takes no more of the request; what it answered before that (413, say) can still be read.
            self.has_failed_to_begin = self.has_sent_nothing
            self.unsent = memoryview(b"")
            return
        self.unsent = self.unsent[sent:]

    def _send_until_answered(self, deadline: float | None) -> bool:
        """Send as fast as it is taken, until something can be read or all is sent; whether that came in time."""
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
    """A body out of the bytes as they arrive, by its framing. `left`: bytes to come, where that is known."""

    __slots__ = ("_decoder", "done", "left")

    def __init__(self, kind: Framing) -> None:
        self._decoder = ChunkedDecoder() if isinstance(kind, Chunked) else None
        self.left = kind.length if isinstance(kind, Fixed) else None
        self.done = isinstance(kind, NoBody) or self.left == 0

    def feed(self, received: bytes) -> bytes:
        """The part of the body in what arrived; raises Broken."""
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
        """The viewer has closed; raises Broken where that is not how the body ends."""
        if self._decoder is not None:
            raise Broken("TensorBoard closed the connection before the last chunk of its answer.")
        if self.left is not None:
            raise short(self.left)
        self.done = True


def short(left: int | None) -> Broken:
    """It closed too soon: `left` bytes before the end, or before its head was complete."""
    if left is None:
        return Broken("TensorBoard closed the connection without a complete answer.")
    return Broken(f"TensorBoard closed the connection {left} bytes before the end of its answer.")


def stalled() -> TookTooLong:
    return TookTooLong("TensorBoard did not answer in time.")


def broke(error: OSError) -> Broken:
    return Broken(f"The connection to TensorBoard broke ({error.strerror or error}).")


def no_http(error: NotHttp) -> Broken:
    return Broken(f"TensorBoard's answer is not HTTP: {error}.")
