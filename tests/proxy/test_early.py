"""Requests that the server's loop handles without a worker thread and without blocking."""

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
from clients import Clients
from in_thread import InThread
from proxy.front import Front
from viewer_zoo import (
    CHUNKED,
    HALF_HEAD,
    ID,
    NO_HTTP,
    OK,
    SHORT_BODY,
    SILENT,
    UNTIL_CLOSE,
    Held,
    MakeViewer,
    Sink,
    Trickle,
    never_answers,
)
from waiting import wait_until

from forgather_units.auth.authority import Authority
from forgather_units.auth.origin import Hosts
from forgather_units.daemon.dispatch import Gateway
from forgather_units.domain.program import StaticFile
from forgather_units.http.limiter import MAX_ACTIVE
from forgather_units.http.message import Reply
from forgather_units.http.relay import raise_open_files_limit
from forgather_units.http.server.forwarded import TrustedProxies
from forgather_units.proxy.destination import Open, Unknown
from forgather_units.proxy.forwarding import InFlightRequest
from forgather_units.proxy.wsgi import Proxy

# More than the kernel buffers for a client that does not read.
LARGE = 12 << 20


class Busy(Clients):
    """The server with one worker thread, which is busy until `release`."""

    def __init__(self, front: Front, folder: Path) -> None:
        self.busy, self._over = threading.Event(), threading.Event()
        self.authority = Authority(folder)
        self.failing = False
        proxy = Proxy(lambda mount, name: front.targets.get(name, Unknown()))
        gateway = Gateway(self._work, proxy, self.authority, Hosts(()))

        def handle_early(environ: dict[str, Any]) -> Any:
            if self.failing:
                raise RuntimeError("on purpose")
            return gateway.handle_early(environ)

        self._server = InThread(gateway, handle_early, threads=1)
        self.port = self._server.port

    def _work(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if environ["PATH_INFO"] == "/busy":
            self.busy.set()
            self._over.wait(120)
        start_response("200 OK", [("Content-Length", "4")])
        return [b"done"]

    def keep_busy(self) -> socket.socket:
        connection = self.connect()
        connection.sendall(b"GET /busy HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert self.busy.wait(120)
        return connection

    def get(self, path: str, body: bytes | None = None, *, authenticated: bool = True) -> tuple[int, bytes]:
        headers = {"Authorization": f"Bearer {self.authority.token}"} if authenticated else {}
        answer, content = self.ask(path, "POST" if body else "GET", body, **headers)
        return answer.status, content

    def request_bytes(self, path: str = f"/api/tb/{ID}/data/runs") -> bytes:
        """The bytes of a request."""
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


def test_a_response_in_pieces_needs_no_worker_thread(busy: Busy, viewer: MakeViewer) -> None:
    trickle = Trickle(b"HTTP/1.1 200 OK\r\nContent-", [b"Length: 100000\r\n\r\n" + bytes(99_999), b"1"])
    made = viewer(trickle)
    with busy.keep_busy():

        def send_the_rest() -> None:
            wait_until(lambda: made.seen)
            trickle.drop()
            trickle.drop()

        threading.Thread(target=send_the_rest).start()
        assert busy.get(f"/api/tb/{ID}/data/runs") == (200, bytes(99_999) + b"1")


def test_unauthenticated_requests_do_not_reach_the_viewer(busy: Busy, viewer: MakeViewer) -> None:
    made = viewer(OK)
    status, _ = busy.get(f"/api/tb/{ID}/data/runs", authenticated=False)
    assert status == 401
    status, _ = busy.get(f"/api/tb/{ID}/data/runs", b"tags=loss", authenticated=False)
    assert status == 401
    assert (made.connections, made.seen) == (0, [])


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (SHORT_BODY, 502),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nok", 502),
        (NO_HTTP, 502),
        (HALF_HEAD, 502),
        (SILENT, 502),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (UNTIL_CLOSE, 200),
        (CHUNKED, 200),
    ],
    ids=["short", "length", "no HTTP", "half a head", "silent", "no body", "until close", "chunked"],
)
def test_other_responses_go_to_a_worker_thread(busy: Busy, viewer: MakeViewer, answer: bytes, status: int) -> None:
    viewer(answer)
    assert busy.get(f"/api/tb/{ID}/data/runs")[0] == status
    assert busy.get("/")[1] == b"done"


def test_a_closed_port_is_a_bad_gateway(busy: Busy, front: Front) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        front.targets[ID] = Open("127.0.0.1", closed.getsockname()[1])
    status, body = busy.get(f"/api/tb/{ID}/data/runs")
    assert status == 502
    assert b"Connection refused" in body


def test_a_slow_response_is_sent_by_the_relay(busy: Busy, viewer: MakeViewer) -> None:
    held = Held()
    viewer(held)
    with socket.create_connection(("127.0.0.1", busy.port), timeout=120) as client:
        client.sendall(busy.request_bytes())
        assert held.requested.wait(120)
        # After a while the worker thread hands the request over, and is free again.
        assert busy.get("/")[1] == b"done"
        held.may_respond.set()
        assert client.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_hundreds_of_waiting_requests_do_not_delay_another_viewer(busy: Busy, front: Front, viewer: MakeViewer) -> None:
    raise_open_files_limit()
    viewer(never_answers, "dead")
    viewer(OK)
    with ExitStack() as stack:
        for _ in range(300):
            waiter = stack.enter_context(socket.create_connection(("127.0.0.1", busy.port), timeout=120))
            waiter.sendall(busy.request_bytes("/api/tb/dead/data/runs"))
        assert busy.get(f"/api/tb/{ID}/data/runs") == (200, b"ok")


def test_a_client_that_does_not_read_delays_no_other(front: Front, viewer: MakeViewer) -> None:
    body = bytes(LARGE)
    viewer(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b" % (LARGE, body))
    target = front.targets[ID]
    assert isinstance(target, Open)
    front.targets[ID] = Open(target.host, target.port, "release")
    front.files["/index.js"] = StaticFile((body,), (("Content-Type", "text/plain"),))
    assert front.get(f"/api/tb/{ID}/index.js").endswith(body)
    request_bytes = f"GET /api/tb/{ID}/index.js HTTP/1.1\r\nHost: h\r\n\r\n".encode()
    with socket.socket() as client:
        client.settimeout(120)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", front.port))
        # The file is in the cache; the second request is sent before the first response is read.
        client.sendall(request_bytes * 2)
        for _ in range(5):
            assert front.get(f"/api/tb/{ID}/index.js").endswith(body)
        received = 0
        while received < 2 * LARGE:
            piece = client.recv(1 << 20)
            assert piece, received
            received += len(piece)


def test_a_failure_of_the_early_handler_falls_back_to_a_worker(busy: Busy, viewer: MakeViewer, caplog: Any) -> None:
    viewer(OK)
    busy.failing = True
    assert busy.get(f"/api/tb/{ID}/data/runs") == (200, b"ok")
    assert "early handling" in caplog.text


def test_a_failing_reply_releases_its_place_in_the_limiter(
    busy: Busy, viewer: MakeViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer(OK)

    def fail(in_flight: InFlightRequest) -> Reply:
        raise RuntimeError("on purpose")

    with monkeypatch.context() as patched:
        patched.setattr(InFlightRequest, "reply", fail)
        for _ in range(MAX_ACTIVE + 1):
            with pytest.raises(http.client.RemoteDisconnected):
                busy.get(f"/api/tb/{ID}/data/runs")
    assert busy.get(f"/api/tb/{ID}/data/runs") == (200, b"ok")


def test_a_client_that_resets_its_connection_while_it_waits(busy: Busy, viewer: MakeViewer) -> None:
    held = Held()
    viewer(held)
    with socket.create_connection(("127.0.0.1", busy.port), timeout=120) as client:
        # Close with a reset.
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(busy.request_bytes())
        assert held.requested.wait(120)
    held.may_respond.set()
    assert busy.get(f"/api/tb/{ID}/data/runs") == (200, b"ok")


def test_the_viewer_s_connection_closes_when_the_client_disconnects(busy: Busy, viewer: MakeViewer) -> None:
    sink = Sink()
    viewer(sink)
    with socket.create_connection(("127.0.0.1", busy.port), timeout=120) as client:
        client.sendall(busy.request_bytes())
    wait_until(sink.ended.is_set, what="the viewer's connection is closed too")


@pytest.mark.parametrize("version", ["HTTP/1.0", "HTTP/1.1"])
def test_a_connection_closes_when_the_client_requests_it(front: Front, viewer: MakeViewer, version: str) -> None:
    viewer(OK)
    request_bytes = f"GET /api/tb/{ID}/data/runs {version}\r\nHost: h\r\n".encode()
    with front.connect() as client:
        if version == "HTTP/1.1":
            for _ in range(2):
                client.sendall(request_bytes + b"\r\n")
                assert client.recv(65536).endswith(b"ok")
        client.sendall(request_bytes + b"Connection: close\r\n\r\n")
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    assert answer.startswith(version.encode() + b" 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in answer


def test_the_headers_of_a_trusted_proxy_are_used_and_forwarded(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    behind = InThread(
        front.proxy,
        lambda environ: front.proxy.handle_early(environ, lambda _: True),
        threads=1,
        proxies=TrustedProxies(["127.0.0.1"]),
    )
    forwarded = {"X-Forwarded-For": "192.0.2.7", "X-Forwarded-Proto": "https"}
    try:
        for proto, scheme in (("https", "https"), ("https, http", "http"), ("gopher", "http"), ("", "http")):
            connection = http.client.HTTPConnection("127.0.0.1", behind.port, timeout=120)
            connection.request("GET", f"/api/tb/{ID}/data/runs", headers={**forwarded, "X-Forwarded-Proto": proto})
            answer = connection.getresponse()
            assert answer.status == 200
            policy = answer.getheader("Content-Security-Policy") or ""
            connection.close()
            assert f"connect-src {scheme}://127.0.0.1:{behind.port}/api/tb/{ID}/" in policy
    finally:
        behind.stop()
    seen = made.seen[0]
    assert {name: seen.values(name) for name in forwarded} == {
        name: [value.encode()] for name, value in forwarded.items()
    }


def test_idle_connections_are_closed(front: Front, tmp_path: Path) -> None:
    server = InThread(front.proxy, channel_timeout=1, cleanup_interval=1)
    try:
        with socket.create_connection(("127.0.0.1", server.port), timeout=120) as idle:
            assert idle.recv(1) == b""
    finally:
        server.stop()
