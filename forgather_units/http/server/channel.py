"""A client's connection: strict parsing, hand-over, and replies sent from the loop."""

from __future__ import annotations

import socket
import struct
import time
from functools import cached_property
from threading import get_ident
from typing import Any, Final

from waitress.buffers import OverflowableBuffer
from waitress.channel import ClientDisconnected, HTTPChannel

from forgather_units.http.message import Reply
from forgather_units.http.response_writer import format_head, may_have_body
from forgather_units.http.server.error_task import PageErrorTask
from forgather_units.http.server.forwarded import TrustedProxies
from forgather_units.http.server.parser import StrictParser
from forgather_units.http.server.task import HandOverTask, InMemory

# struct ucred of socket(7): pid, uid, gid.
_UCRED: Final = struct.Struct("iII")
# Pipelined requests per connection; browsers send one at a time.
_MAX_PIPELINED: Final = 4


class StrictChannel(HTTPChannel):  # type: ignore[misc]
    """A connection with strict parsing, hand-over and early replies."""

    parser_class = StrictParser
    task_class = HandOverTask
    error_task_class = PageErrorTask
    proxies = TrustedProxies()

    requests: list[StrictParser]
    last_activity: float
    receiving_thread: int | None = None
    """The thread that is in received(), if any."""
    response_written = False
    """The task of the current request has written its response."""
    is_parked = False
    """The next request waits until the client has read the previous response."""
    has_new_request = False
    """A new request has been parsed; handled after waitress has released its lock."""

    @cached_property
    def is_unix(self) -> bool:
        """Whether the client is connected to a unix socket."""
        try:
            return bool(self.socket.family == socket.AF_UNIX)
        except AttributeError:  # the loop's thread may close it at any time
            return False

    @cached_property
    def peer(self) -> int | None:
        """The peer's uid on a unix socket; None for other connections."""
        try:
            if not self.is_unix:
                return None
            credentials = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        except (AttributeError, OSError):  # the loop's thread may close it at any time
            return None
        user: int = _UCRED.unpack(credentials)[1]
        return user

    def received(self, data: bytes) -> bool:
        """Parse received bytes."""
        self.receiving_thread = get_ident()
        taken: bool = super().received(data)
        self.receiving_thread = None
        self._bound_queue()
        if self.has_new_request:
            self.has_new_request = False
            self.server.early.handle(self)
        return taken

    def _bound_queue(self) -> None:
        """Drop pipelined requests beyond the limit, and close the connection after the last one kept.

        Each of them occupies a worker thread, even if the client never reads. A client must expect a close after any
        response, and repeats requests without a response (RFC 9112, 9.3.2).
        """
        with self.requests_lock:
            if len(self.requests) <= _MAX_PIPELINED:
                return
            kept, dropped = self.requests[:_MAX_PIPELINED], self.requests[_MAX_PIPELINED:]
            kept[-1].headers["CONNECTION"] = "close"
            kept[-1].connection_close = True
            self.requests = kept
        for request in dropped:
            request.close()

    def waits_for_reader(self) -> bool:
        """Whether the next request must wait until the client has read the last response. The loop then continues."""
        with self.outbuf_lock:
            self.is_parked = bool(self.total_outbufs_len)
        return self.is_parked

    def handle_write(self) -> None:
        """Send as much as the socket accepts. In the loop's thread."""
        super().handle_write()
        if not self.is_parked:
            return
        with self.outbuf_lock:
            self.is_parked = bool(self.total_outbufs_len)
        if not self.is_parked and self.connected:
            self.server.early.queue_for_worker(self)

    def readable(self) -> bool:
        """Called at least once a second."""
        # waitress times out only connections without a request.
        if self.is_parked and self.last_activity < time.time() - self.adj.channel_timeout:
            self.will_close = True
        wanted: bool = super().readable()
        return wanted

    def _flush_outbufs_below_high_watermark(self) -> None:
        # Between two requests a worker thread would block here on a client that does not read.
        if not self.response_written:
            super()._flush_outbufs_below_high_watermark()

    def service(self) -> None:
        """Serve the first request, in a worker thread."""
        request = self.requests[0]
        self.response_written = False
        with self.server.early.serving(self):
            super().service()
        if request.in_flight is not None:
            request.in_flight.close()
            request.in_flight = None

    def send_reply(self, reply: Reply) -> None:
        """Send `reply` to the only pending request. In the loop's thread."""
        (request,) = self.requests
        own, closes = _connection_headers(request)
        head = format_head(request.version, reply.status, reply.headers, *own)
        self._send(head, reply.body if may_have_body(request.command, reply.status) else b"")
        self.close_when_flushed = closes
        with self.requests_lock:
            self.requests = []
        request.in_flight = None
        request.close()

    def _send(self, head: bytes, body: bytes) -> None:
        try:
            sent = self.socket.sendmsg((head, body))
        except BlockingIOError:
            sent = 0
        except OSError:
            self.will_close = True
            return
        self.last_activity = time.time()
        if sent < len(head) + len(body):
            self._buffer(InMemory(head, sent), InMemory(body, max(0, sent - len(head))))

    def write_soon(self, data: Any) -> int:
        """Send bytes or an InMemory body. waitress's tasks call this in a worker thread."""
        if not isinstance(data, InMemory):
            written: int = super().write_soon(data)
            return written
        with self.outbuf_lock:
            if not self.connected:
                raise ClientDisconnected
            self._buffer(data)
        self.server.pull_trigger()
        return len(data)

    def _buffer(self, *pieces: InMemory) -> None:
        """Buffer for the loop to send."""
        if waiting := [piece for piece in pieces if len(piece)]:
            # waitress appends to the last one.
            self.outbufs += [*waiting, OverflowableBuffer(self.adj.outbuf_overflow)]
            self.current_outbuf_count = 0
            self.total_outbufs_len += sum(map(len, waiting))


def _connection_headers(request: StrictParser) -> tuple[tuple[tuple[str, str], ...], bool]:
    """The Connection header of a response to `request`, and whether the connection closes after it."""
    if request.version == "1.1":
        return ((("Connection", "close"),), True) if request.connection_close else ((), False)
    return (("Connection", "close"),), True
