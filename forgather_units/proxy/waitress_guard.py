"""All that we need of waitress beyond its public API: strict parsing, and connections that it hands over.

Strict parsing: a request that two HTTP parsers could read in two ways (smuggling) is refused before any application
sees it. Waitress already refuses bare CR and LF, spaces in header names and unequal or non-numeric lengths, and drops
names with an underscore.

Handing over: the application takes the client's connection out of waitress (`environ[HAND_OVER]()`) and finishes the
answer in the relay. The socket is duplicated; waitress closes its own and forgets the connection. A large body of a
request for a viewer is not read at all before that (`environ[UNREAD]`), else waitress would collect it in a file
before the gate is asked who sends it.

At hand: a request whose answer lies in memory is answered on waitress's own thread. Passing it to a worker thread and
back would cost three times what the answer costs.

Leaned on, the same in waitress 2.1 and 3.0 and pinned by the tests: `channel_class`, `parser_class`, `task_class`; of
the parser `parse_header`, `received`, `completed`, `body_rcv`, `content_length`, `chunked`, `expect_continue`,
`headers`; of the task `get_environment`, `service`, `write`, `build_response_header`, `wrote_header`,
`close_on_finish`, `content_bytes_written`, `response_headers`; of the channel `socket`, `requests`,
`received`, `service`, `total_outbufs_len`, `write_soon`; of the server `add_task`; ReadOnlyFileBasedBuffer with `get`,
`skip`, `prepare`, `close`. Where HAND_OVER and IN_MEMORY are not in the environ, applications answer by the public API,
in their worker thread.
"""

from __future__ import annotations

import asyncio
import re
import socket
import struct
from collections.abc import Callable, Iterator
from threading import get_ident
from typing import Any, Final

from waitress.buffers import ReadOnlyFileBasedBuffer
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.server import BaseWSGIServer, create_server
from waitress.task import WSGITask

from forgather_units.auth.credentials import PEER
from forgather_units.proxy.client import Client, Unread, drained
from forgather_units.proxy.mounts import is_mounted
from forgather_units.proxy.relay import TRANSFERS
from forgather_units.proxy.request_target import raw_target

HAND_OVER: Final = "forgather.hand_over"
"""In the environ: a function that gives the Client, or None where the connection cannot be taken out now."""
IN_MEMORY: Final = "forgather.in_memory"
"""In the environ: makes of bytes an answer's body that is sent from where it lies, however many read it at once."""
UNREAD: Final = "forgather.unread"
"""In the environ: the Unread body, where one is left."""

READ_AT_MOST: Final = 256 * 1024
"""The largest body for a viewer, in bytes, that waitress reads before the application is asked."""

_REQUEST_LINE: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Z]+ [^\x00-\x20\x7f]+ HTTP/1\.([01])")
_FOLDED: Final = re.compile(rb"\r\n[ \t]")
_FRAMING: Final = re.compile(rb"\r\n(transfer-encoding|content-length|host)[ \t]*:([^\r\n]*)", re.IGNORECASE)
# struct ucred of socket(7): pid, uid, gid.
_UCRED: Final = struct.Struct("iII")
# Who sends one of these is a reverse proxy, and its user is nobody of those whom it lets through.
_FORWARDING: Final = frozenset(
    {"FORWARDED", "VIA", "X_FORWARDED_FOR", "X_FORWARDED_HOST", "X_FORWARDED_PROTO", "X_REAL_IP"}
)
AtHand = Callable[[dict[str, Any]], bool]
"""Whether a request can be answered at once, out of memory. Of its environ there are the method, the target and the
headers."""

# waitress closes its side some milliseconds after the answer was written.
_CLOSED_SOON: Final = 100


class StrictParser(HTTPRequestParser):  # type: ignore[misc]
    """Refuses, with 400, a request whose end could be in dispute; leaves a large body for a viewer unread."""

    unread: Unread | None = None
    content_length: int
    expect_continue: bool

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the request line and the headers; raises ParsingError."""
        if complaint := _complaint(header_plus):
            # Nothing behind it on this connection can be trusted to be a request.
            self.connection_close = True
            raise ParsingError(complaint)
        super().parse_header(header_plus)
        if not self.chunked and self.content_length <= READ_AT_MOST:
            return
        if is_mounted(raw_target({"REQUEST_URI": self.request_uri})):
            self.unread = Unread(None if self.chunked else self.content_length, b"", self.expect_continue)
            # To waitress it has no body, and nothing follows it.
            self.body_rcv, self.content_length, self.expect_continue = None, 0, False
            self.headers["CONNECTION"] = "close"

    def received(self, data: bytes) -> int:
        """Take in what arrived; the number of bytes that belong to this request."""
        count: int = super().received(data)
        if self.unread is not None and self.completed:
            self.unread.early = data[count:]
            return len(data)
        return count


class HandOverTask(WSGITask):  # type: ignore[misc]
    """A request whose connection the application may take."""

    handed_over = False
    wrote_header: bool

    def get_environment(self) -> dict[str, Any]:
        """The WSGI environ."""
        environ: dict[str, Any] = super().get_environment()
        environ[HAND_OVER] = self.hand_over
        environ[IN_MEMORY] = InMemory
        if (peer := _peer(self.channel)) is not None and not _FORWARDING & set(self.request.headers):
            environ[PEER] = peer
        if self.request.unread is not None:
            environ[UNREAD] = self.request.unread
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


def _peer(channel: HTTPChannel) -> int | None:
    """The number of the user at the other end of a unix socket; None for another kind of connection."""
    try:
        if channel.socket.family != socket.AF_UNIX:
            return None
        credentials = channel.socket.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    except (AttributeError, OSError):  # waitress's own thread may close it at any time
        return None
    user: int = _UCRED.unpack(credentials)[1]
    return user


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

    def __init__(self, body: bytes) -> None:
        self._rest = memoryview(body)
        self.remain = len(body)

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


class StrictChannel(HTTPChannel):  # type: ignore[misc]
    """A connection whose requests are parsed strictly, which can be handed over, or answered at once."""

    parser_class = StrictParser
    task_class = HandOverTask

    receiving: int | None = None
    """The thread that takes in what arrives, while it does."""
    is_at_hand = False
    """The next request is answered there."""

    def received(self, data: bytes) -> bool:
        """Take in what arrived."""
        self.receiving = get_ident()
        taken: bool = super().received(data)
        while self.is_at_hand:
            self.is_at_hand = False
            self.service()
        self.receiving = None
        return taken


def _answer_at_once(server: Any, at_hand: AtHand) -> None:
    """Have `server` answer what is at hand in its own thread, where nothing waits to be sent before it."""
    later = server.add_task

    def add_task(channel: StrictChannel) -> None:
        request = channel.requests[0]
        if (
            channel.receiving == get_ident()
            and not channel.total_outbufs_len
            and not request.error
            and at_hand(_outline(request))
        ):
            channel.is_at_hand = True
        else:
            later(channel)

    server.add_task = add_task


def _outline(request: Any) -> dict[str, Any]:
    headers = {f"HTTP_{name}": value for name, value in request.headers.items()}
    return {"REQUEST_METHOD": request.command, "REQUEST_URI": request.request_uri, **headers}


def create_strict_server(application: Any, at_hand: AtHand | None = None, **settings: Any) -> Any:
    """`waitress.create_server` with our channel on each of its sockets. `at_hand`: what it may answer at once."""
    dispatchers: dict[int, Any] = settings.setdefault("map", {})
    server = create_server(application, **settings)
    for dispatcher in dispatchers.values():
        if isinstance(dispatcher, BaseWSGIServer):
            dispatcher.channel_class = StrictChannel
            if at_hand is not None:
                _answer_at_once(dispatcher, at_hand)
    return server


def _complaint(header: bytes) -> str:
    """Why to refuse this head; empty where it is sound."""
    request_line = _REQUEST_LINE.fullmatch(header, 0, header.find(b"\r\n"))
    if request_line is None:
        return "The request line is malformed or of another version"
    if _FOLDED.search(header):
        return "Folded header lines are refused"
    values: dict[bytes, bytes] = {}
    for name, value in _FRAMING.findall(header):
        if (key := name.lower()) in values:
            return f"More than one {key.decode().title()} header"
        values[key] = value
    coding = values.get(b"transfer-encoding")
    if coding is not None:
        if b"content-length" in values:
            return "Both Transfer-Encoding and Content-Length"
        if request_line[1] == b"0" or coding.strip(b" \t").lower() != b"chunked":
            return "This Transfer-Encoding is refused"
    if request_line[1] == b"1" and b"host" not in values:
        return "A Host header is missing"
    return ""
