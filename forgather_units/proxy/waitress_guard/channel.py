"""A client's connection: parsed strictly, to be handed over, or answered by the loop itself."""

from __future__ import annotations

import socket
import struct
import time
from functools import cached_property
from threading import get_ident
from typing import Any, Final

from waitress.buffers import OverflowableBuffer
from waitress.channel import ClientDisconnected, HTTPChannel

from forgather_units.proxy.pages import Answer
from forgather_units.proxy.waitress_guard.parsing import StrictParser
from forgather_units.proxy.waitress_guard.task import HandOverTask, InMemory
from forgather_units.proxy.written_head import may_have_body, written_head

# struct ucred of socket(7): pid, uid, gid.
_UCRED: Final = struct.Struct("iII")


class StrictChannel(HTTPChannel):  # type: ignore[misc]
    """A connection whose requests are parsed strictly, which can be handed over, or answered early."""

    parser_class = StrictParser
    task_class = HandOverTask

    requests: list[StrictParser]
    receives_in: int | None = None
    """The thread that takes in what arrives, while it does."""
    is_due = False
    """A request is to be looked at, once waitress has let go of its lock."""

    @cached_property
    def peer(self) -> int | None:
        """The number of the user at the other end of a unix socket; None for another kind of connection."""
        try:
            if self.socket.family != socket.AF_UNIX:
                return None
            credentials = self.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
        except (AttributeError, OSError):  # waitress's own thread may close it at any time
            return None
        user: int = _UCRED.unpack(credentials)[1]
        return user

    def received(self, data: bytes) -> bool:
        """Take in what arrived."""
        self.receives_in = get_ident()
        taken: bool = super().received(data)
        self.receives_in = None
        if self.is_due:
            self.is_due = False
            self.server.early.start(self)
        return taken

    def service(self) -> None:
        """Carry out the first request, in a worker thread."""
        request = self.requests[0]
        with self.server.early.serves(self):
            super().service()
        if request.begun is not None:
            request.begun.close()
            request.begun = None

    def answer(self, answer: Answer) -> None:
        """Answer the only request that there is, in the thread of the loop."""
        (request,) = self.requests
        own, closes = _on_this_connection(request)
        head = written_head(request.version, answer.status, answer.headers, *own)
        self._send(head, answer.body if may_have_body(request.command, answer.status) else b"")
        self.close_when_flushed = closes
        with self.requests_lock:
            self.requests = []
        request.begun = None
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
            self._keep(InMemory(head, sent), InMemory(body, max(0, sent - len(head))))

    def write_soon(self, data: Any) -> int:
        """Send bytes, or what lies in memory, as it is taken: for waitress's tasks, in a worker thread."""
        if not isinstance(data, InMemory):
            written: int = super().write_soon(data)
            return written
        with self.outbuf_lock:
            if not self.connected:
                raise ClientDisconnected
            self._keep(data)
        self.server.pull_trigger()
        return len(data)

    def _keep(self, *pieces: InMemory) -> None:
        """For the loop to send."""
        if waiting := [piece for piece in pieces if len(piece)]:
            # The last one is waitress's to write to.
            self.outbufs += [*waiting, OverflowableBuffer(self.adj.outbuf_overflow)]
            self.current_outbuf_count = 0
            self.total_outbufs_len += sum(map(len, waiting))


def _on_this_connection(request: StrictParser) -> tuple[tuple[tuple[str, str], ...], bool]:
    """What an answer says of the connection, and whether that ends with it."""
    if request.version == "1.1":
        return ((("Connection", "close"),), True) if request.connection_close else ((), False)
    return (("Connection", "close"),), True
