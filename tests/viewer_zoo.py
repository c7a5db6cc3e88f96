"""Small named viewers on raw sockets: the bytes of a whole response, or a function that serves one connection."""

from __future__ import annotations

import select
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

ID = "q_1700000000000_0123abcd"


@dataclass
class Seen:
    """A request as a viewer received it, byte for byte."""

    line: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def values(self, name: str) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name.lower().encode()]


Respond = bytes | Callable[[socket.socket, Seen], None]


@dataclass
class Viewer:
    """Serves one request on each connection: sends the bytes, or calls the function."""

    listener: socket.socket
    respond: Respond
    reads_body: bool = True
    delay: float = 0
    """Seconds until it accepts its first connection."""
    seen: list[Seen] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    connections: int = 0

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def start(self) -> Viewer:
        """Serve in a thread of its own until `stop`."""
        threading.Thread(target=self._serve, daemon=True).start()
        return self

    def stop(self) -> None:
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def _serve(self) -> None:
        time.sleep(self.delay)
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            try:
                request = self._read(connection)
                if request is None:
                    return
                self.seen.append(request)
                if isinstance(self.respond, bytes):
                    connection.sendall(self.respond)
                else:
                    self.respond(connection, request)
            except OSError:
                self.closed.set()

    def _read(self, connection: socket.socket) -> Seen | None:
        data = b""
        while b"\r\n\r\n" not in data:
            received = connection.recv(65536)
            if not received:
                return None
            data += received
        head, _, body = data.partition(b"\r\n\r\n")
        line, *rest = head.split(b"\r\n")
        headers = [(name, value) for name, _, value in (row.partition(b": ") for row in rest)]
        request = Seen(line, headers, body)
        if self.reads_body and request.values("transfer-encoding") == [b"chunked"]:
            request.body = _dechunked(connection, request.body)
        elif self.reads_body:
            while len(request.body) < int((request.values("content-length") or [b"0"])[0]):
                request.body += _received(connection)
        return request


def _received(connection: socket.socket) -> bytes:
    """The next bytes. Raises an OSError at the end: a loop that waits for more would not end."""
    data = connection.recv(65536)
    if not data:
        raise ConnectionError("the peer has closed its end")
    return data


def _dechunked(connection: socket.socket, data: bytes) -> bytes:
    body, line = b"", b""
    while line != b"0":
        while b"\r\n" not in data:
            data += _received(connection)
        line, _, data = data.partition(b"\r\n")
        while len(data) < int(line, 16) + 2:
            data += _received(connection)
        body, data = body + data[: int(line, 16)], data[int(line, 16) + 2 :]
    return body


MakeViewer = Callable[..., Viewer]

# Responses in bytes


def answer(body: bytes, *lines: bytes, status: bytes = b"200 OK") -> bytes:
    """A complete response with these header lines and a Content-Length."""
    rows = [b"HTTP/1.1 " + status, *lines, b"Content-Length: %d" % len(body)]
    return b"\r\n".join([*rows, b"", body])


OK = answer(b"ok")
SILENT = b""
"""Closes the connection without a response."""
NO_HTTP = b"SSH-2.0-OpenSSH_9.2\r\n\r\n"
HALF_HEAD = b"HTTP/1.1 200 OK\r\nX: 1\r\n"
TOO_LONG_HEAD = b"HTTP/1.1 200 OK\r\nX: " + b"x" * 300_000 + b"\r\n\r\n"
SHORT_BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok"
"""Ends before its length."""
UNTIL_CLOSE = b"HTTP/1.1 200 OK\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
NO_LAST_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"
BROKEN_CHUNK = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz\r\nx"

# Responses by functions


def never_answers(connection: socket.socket, request: Seen) -> None:
    """Neither reads nor writes until the peer closes its end."""
    poll = select.poll()
    poll.register(connection, select.POLLRDHUP)
    poll.poll(120_000)


def stalls(connection: socket.socket, request: Seen) -> None:
    """Sends half of its body, and nothing more until the peer closes its end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
    never_answers(connection, request)


def early_413(connection: socket.socket, request: Seen) -> None:
    """Refuses the body before it has arrived. For a viewer with `reads_body=False`."""
    connection.sendall(answer(b"big", status=b"413 Too Large"))
    connection.shutdown(socket.SHUT_WR)
    while connection.recv(1 << 20):  # otherwise the kernel would reset the connection
        pass


def echo(connection: socket.socket, request: Seen) -> None:
    """Sends each part of the body back as it arrives. For a viewer with `reads_body=False`."""
    (length,) = request.values("content-length")
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %b\r\n\r\n%b" % (length, request.body))
    left = int(length) - len(request.body)
    while left:
        data = _received(connection)
        connection.sendall(data)
        left -= len(data)


def endless(connection: socket.socket, request: Seen) -> None:
    """Sends a body until the peer closes its end."""
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.sendall(b"x" * 65536)


class Large:
    """Responds with `size` zero bytes; `sent` counts the bytes of all responses."""

    def __init__(self, size: int) -> None:
        self.size, self.sent = size, 0

    def __call__(self, connection: socket.socket, request: Seen) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % self.size)
        piece = bytes(1 << 20)
        for start in range(0, self.size, len(piece)):
            connection.sendall(piece[: self.size - start])
            self.sent += min(len(piece), self.size - start)


class Trickle:
    """Sends `head` at once, then each of `pieces` with each call of `drop`."""

    def __init__(self, head: bytes, pieces: Iterable[bytes]) -> None:
        self._head, self._pieces = head, tuple(pieces)
        self._drops = threading.Semaphore(0)

    def drop(self) -> None:
        self._drops.release()

    def __call__(self, connection: socket.socket, request: Seen) -> None:
        connection.sendall(self._head)
        for piece in self._pieces:
            assert self._drops.acquire(timeout=120)
            connection.sendall(piece)


class Held:
    """Sends `response` to each request once the test sets `may_respond`; the first request sets `requested`."""

    def __init__(self, response: bytes = OK) -> None:
        self.requested, self.may_respond = threading.Event(), threading.Event()
        self._response = response

    def __call__(self, connection: socket.socket, request: Seen) -> None:
        self.requested.set()
        self.may_respond.wait(120)
        connection.sendall(self._response)


class Together:
    """Sends `response` to each of `count` requests once all of them have arrived."""

    def __init__(self, count: int, response: bytes = OK) -> None:
        self._all = threading.Barrier(count)
        self._response = response

    def __call__(self, connection: socket.socket, request: Seen) -> None:
        self._all.wait(120)
        connection.sendall(self._response)


class Sink:
    """Reads until the peer closes its end, then sets `ended`; never responds."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def __call__(self, connection: socket.socket, request: Seen) -> None:
        while connection.recv(65536):
            pass
        self.ended.set()
