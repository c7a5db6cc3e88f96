"""A zoo of tiny viewers on raw sockets, and a real waitress with the proxy before them."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from in_thread import InThread

from forgather_units.proxy.connection import Timeouts
from forgather_units.proxy.target import Target, Unknown
from forgather_units.proxy.wsgi import Proxy

ID = "q_1700000000000_0123abcd"
TIMEOUTS = Timeouts(connect=1, first_byte=1.5, stall=1)


@dataclass
class Seen:
    """A request as a viewer got it, bytes as they came."""

    line: bytes
    headers: list[tuple[bytes, bytes]]
    body: bytes

    def values(self, name: str) -> list[bytes]:
        return [value for key, value in self.headers if key.lower() == name.lower().encode()]


Respond = bytes | Callable[[socket.socket, Seen], None]


@dataclass
class Viewer:
    """Answers each connection once: with bytes as they are, or by whatever the function does."""

    listener: socket.socket
    respond: Respond
    reads_body: bool = True
    delay: float = 0
    """Seconds until it takes its first connection."""
    seen: list[Seen] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)
    connections: int = 0

    @property
    def port(self) -> int:
        port: int = self.listener.getsockname()[1]
        return port

    def serve(self) -> None:
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
                request.body += connection.recv(65536)
        return request


def _dechunked(connection: socket.socket, data: bytes) -> bytes:
    body, line = b"", b""
    while line != b"0":
        while b"\r\n" not in data:
            data += connection.recv(65536)
        line, _, data = data.partition(b"\r\n")
        while len(data) < int(line, 16) + 2:
            data += connection.recv(65536)
        body, data = body + data[: int(line, 16)], data[int(line, 16) + 2 :]
    return body


class Front:
    """The proxy on a port of its own. `targets` says what the resolver answers."""

    def __init__(self, timeouts: Timeouts = TIMEOUTS) -> None:
        self.targets: dict[str, Target] = {}
        self.proxy = proxy = Proxy(lambda mount, queue_id: self.targets.get(queue_id, Unknown()), timeouts=timeouts)
        # Nobody is kept out here.
        self._server = InThread(proxy, lambda environ: proxy.first_look(environ, lambda _: True))
        self.port = self._server.port

    def stop(self) -> None:
        self._server.stop()

    def connect(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(20)
        return connection

    def raw(self, request: bytes) -> bytes:
        """Everything that comes back for these bytes until the connection ends."""
        with self.connect() as connection:
            connection.sendall(request)
            answer = b""
            while received := connection.recv(65536):
                answer += received
            return answer

    def get(self, path: str = f"/api/tb/{ID}/", *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
        """The raw answer to one request with these extra header lines."""
        rows = [f"{method} {path} HTTP/{version}", "Host: viewer.test:8765", "Connection: close", *lines]
        return self.raw("\r\n".join([*rows, "", ""]).encode("latin-1"))

    def ask(
        self, path: str = f"/api/tb/{ID}/", method: str = "GET", body: bytes | None = None, **headers: str
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """The answer as http.client reads it; header names are written with underscores."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        with response:
            content = response.read()
        connection.close()
        return response, content


MakeViewer = Callable[..., Viewer]
