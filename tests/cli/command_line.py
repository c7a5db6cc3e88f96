"""The real `forgather` in a process of its own, and a small server that answers as a test tells it to."""

from __future__ import annotations

import json
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from forgather_server import FORGATHER


@dataclass(frozen=True, slots=True)
class Request:
    """A request that the server received."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass(slots=True)
class Reply:
    """A response. With `pieces` the server sends the body chunk by chunk."""

    body: Any = None
    status: int = 200
    kind: str = "application/json"
    pieces: Iterator[bytes] | None = None
    headers: dict[str, str] = field(default_factory=dict)

    def encoded(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


Answer = Callable[[Request], Reply]


@dataclass(slots=True)
class SmallServer:
    """`answers` maps `GET /api/jobs`, with any query, to a function; everything else is 404.

    `asked` has all received requests.
    """

    url: str = ""
    answers: dict[str, Answer] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)

    def says(self, route: str, body: Any, status: int = 200, kind: str = "application/json") -> None:
        self.answers[route] = lambda request: Reply(body, status, kind)


def handler_of(server: SmallServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def version_string(self) -> str:
            """Like the real one's."""
            return "forgather"

        def answer(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(raw) if raw else None
            request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()}, body)
            server.asked.append(request)
            nothing: Answer = lambda _: Reply({"detail": "no such route"}, 404)  # noqa: E731
            route = f"{self.command} {self.path}"
            reply = (server.answers.get(route) or server.answers.get(route.partition("?")[0], nothing))(request)
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.kind)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            if reply.pieces is None:
                self.send_header("Content-Length", str(len(reply.encoded())))
                self.end_headers()
                # A client that a test has stopped is not there any more.
                with suppress(ConnectionError):
                    self.wfile.write(reply.encoded())
                return
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            with suppress(ConnectionError):
                for piece in reply.pieces:
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
                self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do_PATCH = do_DELETE = do_CONNECT = answer  # noqa: N815 - the names are http.server's

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


@contextmanager
def small_server(tls: ssl.SSLContext | None = None) -> Iterator[SmallServer]:
    """On a port of its own inside the `with`."""
    small = SmallServer()
    with ThreadingHTTPServer(("127.0.0.1", 0), handler_of(small)) as listening:
        small.url = f"http{'s' if tls else ''}://127.0.0.1:{listening.server_port}"
        if tls:
            # The handshake takes place in the thread of each connection.
            listening.socket = tls.wrap_socket(listening.socket, server_side=True, do_handshake_on_connect=False)
        thread = threading.Thread(target=listening.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield small
        listening.shutdown()
        thread.join()


@dataclass(frozen=True, slots=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs `forgather` with a home of its own."""

    environment: dict[str, str]
    folder: Path

    def command(self, *words: str, **environment: str) -> dict[str, Any]:
        """The arguments for subprocess."""
        return {
            "args": [FORGATHER, *words],
            "env": self.environment | environment,
            "cwd": self.folder,
            "stdin": subprocess.DEVNULL,
            "stdout": subprocess.PIPE,
            "stderr": subprocess.PIPE,
            "text": True,
        }

    def __call__(self, *words: str, **environment: str) -> Done:
        done = subprocess.run(**self.command(*words, **environment), timeout=120, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return Done(done.returncode, done.stdout, done.stderr)
