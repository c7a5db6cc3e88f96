"""What is answered on the server's own thread: without a worker thread, and without ever waiting there."""

from __future__ import annotations

import http.client
import socket
import struct
import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from in_thread import InThread
from viewer_zoo import ID, Front, MakeViewer, Seen
from waiting import wait_until

from forgather_units.auth.authority import Authority
from forgather_units.auth.origin import Hosts
from forgather_units.proxy.forwarding import Begun
from forgather_units.proxy.pages import Answer
from forgather_units.proxy.relay import raise_open_files_limit
from forgather_units.proxy.target import Open, Unknown
from forgather_units.proxy.turns import AT_ONCE
from forgather_units.proxy.wsgi import Proxy
from forgather_units.server.gateway import Gateway

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
# More than the kernel takes of it for a client that does not read.
LARGE = 12 << 20


class Busy:
    """The server with one worker thread, which never gets done with what it is about."""

    def __init__(self, front: Front, folder: Path) -> None:
        self.busy, self._over = threading.Event(), threading.Event()
        self.authority = Authority(folder)
        self.failing = False
        proxy = Proxy(lambda mount, name: front.targets.get(name, Unknown()))
        gateway = Gateway(self._work, proxy, self.authority, Hosts(()))

        def look(environ: dict[str, Any]) -> Any:
            if self.failing:
                raise RuntimeError("on purpose")
            return gateway.first_look(environ)

        self._server = InThread(gateway, look, threads=1)
        self.port = self._server.port

    def _work(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/busy":
            self.busy.set()
            self._over.wait(30)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    def keep_busy(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=20)
        connection.sendall(b"GET /busy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert self.busy.wait(10)
        return connection

    def get(self, path: str, body: bytes | None = None, *, known: bool = True) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {self.authority.token}"} if known else {}
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, content

    def asks(self, path: str = f"/api/tb/{ID}/data/runs") -> bytes:
        """A request, to be sent by hand."""
        return (
            f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {self.authority.token}\r\n\r\n".encode()
        )

    def release(self) -> None:
        self._over.set()

    def stop(self) -> None:
        self.release()
        self._server.stop()


@pytest.fixture
def busy(front: Front, tmp_path: Path) -> Iterator[Busy]:
    made = Busy(front, tmp_path / "auth")
    yield made
    made.stop()


@pytest.mark.parametrize("unix", [False, True], ids=["tcp", "unix"])
@pytest.mark.parametrize("body", [None, b"tags=loss"], ids=["GET", "POST"])
def test_a_small_request_needs_no_worker_thread(busy: Busy, viewer: MakeViewer, body: bytes | None, unix: bool) -> None:
    made = viewer(OK, unix=unix)
    with busy.keep_busy():
        for _ in range(20):
            assert busy.get(f"/api/tb/{ID}/data/runs", body) == (200, b"ok")
    assert len(made.seen) == 20
    assert made.seen[0].body == (body or b"")


def test_in_pieces(busy: Busy, viewer: MakeViewer) -> None:
    head_sent, body_due = threading.Event(), threading.Event()

    def go_on() -> None:
        head_sent.wait(10)
        body_due.set()

    def respond(connection: socket.socket, request: Seen) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-")
        head_sent.set()
        body_due.wait(10)
        connection.sendall(b"Length: 100000\r\n\r\n" + bytes(99_999))
        connection.sendall(b"1")

    viewer(respond)
    with busy.keep_busy():
        threading.Thread(target=go_on).start()
        assert busy.get(f"/api/tb/{ID}/data/runs") == (200, bytes(99_999) + b"1")


def test_the_gate_comes_first(busy: Busy, viewer: MakeViewer) -> None:
    made = viewer(OK)
    status, _ = busy.get(f"/api/tb/{ID}/data/runs", known=False)
    assert status == 401
    status, _ = busy.get(f"/api/tb/{ID}/data/runs", b"tags=loss", known=False)
    assert status == 401
    assert (made.connections, made.seen) == (0, [])


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok", 502),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok", 502),
        (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", 502),
        (b"HTTP/1.1 200 OK\r\n", 502),
        (b"", 502),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.1 200 OK\r\n\r\nok", 200),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200),
    ],
    ids=["short", "length", "no HTTP", "half a head", "nothing", "no body", "until it closes", "chunked"],
)
def test_what_is_not_whole_is_for_a_worker_thread(busy: Busy, viewer: MakeViewer, answer: bytes, status: int) -> None:
    viewer(answer)
    assert busy.get(f"/api/tb/{ID}/data/runs")[0] == status
    assert busy.get("/")[1] == b"done"


def test_nobody_listens(busy: Busy, front: Front) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        front.targets[ID] = Open("127.0.0.1", closed.getsockname()[1])
    status, body = busy.get(f"/api/tb/{ID}/data/runs")
    assert status == 502
    assert b"Connection refused" in body


def test_a_slow_answer_comes_by_the_relay(busy: Busy, viewer: MakeViewer) -> None:
    seen, due = threading.Event(), threading.Event()

    def respond(connection: socket.socket, request: Seen) -> None:
        seen.set()
        due.wait(20)
        connection.sendall(OK)

    viewer(respond)
    with socket.create_connection(("127.0.0.1", busy.port), timeout=20) as client:
        client.sendall(busy.asks())
        assert seen.wait(10)
        # Once it has been waited for a while, the worker thread that hands it over is free again.
        assert busy.get("/")[1] == b"done"
        due.set()
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_more_of_them_than_are_waited_for_here(busy: Busy, front: Front, viewer: MakeViewer) -> None:
    raise_open_files_limit()
    over = threading.Event()
    viewer(lambda connection, request: over.wait(30) and None, "dead")
    viewer(OK)
    with ExitStack() as stack:
        for _ in range(300):
            waiter = stack.enter_context(socket.create_connection(("127.0.0.1", busy.port), timeout=20))
            waiter.sendall(busy.asks("/api/tb/dead/data/runs"))
        assert busy.get(f"/api/tb/{ID}/data/runs") == (200, b"ok")
    over.set()


def test_who_does_not_read_holds_up_nobody(front: Front, viewer: MakeViewer) -> None:
    body = bytes(LARGE)
    viewer(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (LARGE, body))
    target = front.targets[ID]
    assert isinstance(target, Open)
    front.targets[ID] = Open(target.host, target.port, "release")
    assert front.get(f"/api/tb/{ID}/index.js").endswith(body)
    asks = f"GET /api/tb/{ID}/index.js HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    with socket.socket() as client:
        client.settimeout(20)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", front.port))
        # It lies in the cache, and the second is asked for before the first is read.
        client.sendall(asks * 2)
        for _ in range(5):
            assert front.get(f"/api/tb/{ID}/index.js").endswith(body)
        received = 0
        while received < 2 * LARGE:
            piece = client.recv(1 << 20)
            assert piece, received
            received += len(piece)


def test_a_look_that_fails_costs_nobody_an_answer(busy: Busy, viewer: MakeViewer, caplog: Any) -> None:
    viewer(OK)
    busy.failing = True
    assert busy.get(f"/api/tb/{ID}/data/runs") == (200, b"ok")
    assert "first look" in caplog.text


def test_an_answer_that_fails_leaves_nobody_waiting(
    busy: Busy, viewer: MakeViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer(OK)

    def fail(begun: Begun) -> Answer:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patched:
        patched.setattr(Begun, "answer", fail)
        for _ in range(AT_ONCE + 1):
            with pytest.raises(http.client.RemoteDisconnected):
                busy.get(f"/api/tb/{ID}/data/runs")
    assert busy.get(f"/api/tb/{ID}/data/runs") == (200, b"ok")


def test_a_client_that_leaves_while_its_answer_is_waited_for(busy: Busy, viewer: MakeViewer) -> None:
    seen, due = threading.Event(), threading.Event()

    def respond(connection: socket.socket, request: Seen) -> None:
        seen.set()
        due.wait(10)
        connection.sendall(OK)

    viewer(respond)
    with socket.create_connection(("127.0.0.1", busy.port), timeout=20) as client:
        # It is reset, not ended.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(busy.asks())
        assert seen.wait(10)
    due.set()
    assert busy.get(f"/api/tb/{ID}/data/runs") == (200, b"ok")


def test_a_client_that_left_is_not_waited_for(busy: Busy, viewer: MakeViewer) -> None:
    gone = threading.Event()

    def respond(connection: socket.socket, request: Seen) -> None:
        # Nothing more comes, so this is the end of the connection.
        assert connection.recv(1) == b""
        gone.set()

    viewer(respond)
    with socket.create_connection(("127.0.0.1", busy.port), timeout=20) as client:
        client.sendall(busy.asks())
    wait_until(gone.is_set, 10, "the viewer is left too")


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_a_connection_ends_where_its_client_says_so(front: Front, viewer: MakeViewer, version: str) -> None:
    viewer(OK)
    asks = f"GET /api/tb/{ID}/data/runs {version}\r\nHost: h\r\n".encode()
    with front.connect() as client:
        if version == "HTTP/1.1":
            for _ in range(2):
                client.sendall(asks + b"\r\n")
                assert client.recv(65536).endswith(b"ok")
        client.sendall(asks + b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(version.encode() + b" 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer


def test_what_a_trusted_proxy_says_of_its_client(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    behind = InThread(
        front.proxy,
        lambda environ: front.proxy.first_look(environ, lambda _: True),
        threads=1,
        trusted_proxy="127.0.0.1",
        trusted_proxy_headers={"x-forwarded-for", "x-forwarded-proto"},
    )
    told = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    try:
        for proto, status in ("https", 200), ("gopher", 400):
            connection = http.client.HTTPConnection("127.0.0.1", behind.port, timeout=10)
            connection.request("GET", f"/api/tb/{ID}/data/runs", headers={**told, "X-Forwarded-Proto": proto})
            answer = connection.getresponse()
            assert answer.status == status
            policy = answer.getheader("Content-Security-Policy") or ""
            connection.close()
            assert (status == 200) == (f"connect-src https://127.0.0.1:{behind.port}/api/tb/{ID}/" in policy)
    finally:
        behind.stop()
    (seen,) = made.seen
    assert {name: seen.values(name) for name in told} == {name: [value.encode()] for name, value in told.items()}


def test_idle_connections_are_closed(front: Front, tmp_path: Path) -> None:
    server = InThread(front.proxy, channel_timeout=1, cleanup_interval=1)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as idle:
            assert idle.recv(1) == b""
    finally:
        server.stop()
