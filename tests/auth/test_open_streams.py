"""The streams of a session end with the session: the server's events, a viewer's streams, and long downloads."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from clients import Clients
from flask import Flask, Response, request
from in_thread import InThread, PlainWaitress
from viewer_zoo import ID, Seen, Viewer
from waiting import wait_until

from forgather_units.api import errors
from forgather_units.api.routes import auth
from forgather_units.auth.admissions import while_admitted
from forgather_units.auth.authority import Authority, Identity
from forgather_units.auth.origin import Hosts
from forgather_units.daemon.dispatch import Gateway
from forgather_units.http.relay import STREAMS, TRANSFERS
from forgather_units.http.server.event_stream import stream_response
from forgather_units.proxy.destination import Open
from forgather_units.proxy.wsgi import Proxy

KINDS = ("/api/events", f"/api/tb/{ID}/data/stream", f"/api/tb/{ID}/data/download", "/api/dump")
PASSWORD = "correct horse"


class Site(Clients):
    """A server with authentication, its own streams, and a viewer whose responses never end."""

    def __init__(self, folder: Path, *, public_api: bool = False) -> None:
        self.authority = Authority(folder)
        self.over = threading.Event()
        self._viewer = Viewer(socket.create_server(("127.0.0.1", 0)), self._pour).start()
        proxy = Proxy(lambda mount, name: Open("127.0.0.1", self._viewer.port))
        gateway = Gateway(self._app(), proxy, self.authority, Hosts())
        self._server = PlainWaitress(gateway, threads=16) if public_api else InThread(gateway, gateway.handle_early)
        self.port = self._server.port

    def _app(self) -> Flask:
        app = Flask("site")
        errors.register(app)
        app.register_blueprint(auth.blueprint(self.authority))
        app.add_url_rule("/api/events", "events", view_func=lambda: stream_response(self._events()))
        app.add_url_rule("/api/dump", "dump", view_func=lambda: Response(while_admitted(request.environ, self._dump())))
        return app

    async def _events(self) -> AsyncGenerator[bytes, None]:
        while not self.over.is_set():
            yield b"data: tick\n\n"
            await asyncio.sleep(0.05)

    def _dump(self) -> Iterable[bytes]:
        while not self.over.wait(0.02):
            yield bytes(100)

    def _pour(self, connection: socket.socket, request: Seen) -> None:
        head = b"Content-Length: 1000000000" if b"download" in request.line else b"Content-Type: text/event-stream"
        connection.sendall(b"HTTP/1.1 200 OK\r\n%b\r\n\r\n" % head)
        while not self.over.wait(0.02):
            connection.sendall(b"data: tick\n\n")

    def sign_in(self) -> str:
        return self.authority.sign_in("127.0.0.1", token=self.authority.token)

    def open(self, path: str, **headers: str) -> Stream:
        return Stream(self.port, path, headers)

    def post(self, path: str, session: str, body: str = "{}") -> int:
        cookie = f"forgather_session={session}"
        response, _ = self.ask(path, "POST", body.encode(), Cookie=cookie, Content_Type="application/json")
        return response.status

    def stop(self) -> None:
        self.over.set()
        self._viewer.stop()
        self._server.stop()


class Stream:
    """A client that reads until the stream ends."""

    def __init__(self, port: int, path: str, headers: dict[str, str]) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=120)
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{lines}\r\n".encode())
        self.received = 0
        self.status = int(self._socket.recv(4096).split(b" ")[1])
        self.ended = threading.Event()
        threading.Thread(target=self._read, daemon=True).start()
        self.wait_for_data()

    def _read(self) -> None:
        try:
            while piece := self._socket.recv(65536):
                self.received += len(piece)
        except OSError:
            pass
        self.ended.set()

    def wait_for_data(self) -> None:
        before = self.received
        wait_until(lambda: self.received > before, what="the stream continues")

    def wait_for_end(self) -> None:
        assert self.ended.wait(120), "the stream ends"

    def close(self) -> None:
        self._socket.close()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    with made.authority.watching():
        yield made
    made.stop()
    wait_until(lambda: STREAMS.slots.in_use == TRANSFERS.slots.in_use == 0, what="all slots are free again")


def _log_out(site: Site, session: str) -> None:
    assert site.post("/api/auth/logout", session) == 200


def _set_password(site: Site, session: str) -> None:
    assert site.post("/api/auth/set-password", session, f'{{"password": "{PASSWORD}"}}') == 200


def _other_token(site: Site, session: str) -> None:
    site.authority.regenerate_token()


def _other_token_by_another_process(site: Site, session: str) -> None:
    Authority(site.authority.token_file.parent).regenerate_token()


def _log_out_by_another_process(site: Site, session: str) -> None:
    Authority(site.authority.token_file.parent).sign_out({"HTTP_COOKIE": f"forgather_session={session}"})


def _token_deleted(site: Site, session: str) -> None:
    site.authority.token_file.unlink()


WITHDRAWALS: list[Callable[[Site, str], None]] = [
    _log_out,
    _set_password,
    _other_token,
    _other_token_by_another_process,
    _log_out_by_another_process,
    _token_deleted,
]


@pytest.mark.parametrize("withdraw", WITHDRAWALS)
def test_the_streams_of_a_session_end_with_it(site: Site, withdraw: Callable[[Site, str], None]) -> None:
    session = site.sign_in()
    streams = [site.open(path, Cookie=f"forgather_session={session}") for path in KINDS]
    assert [stream.status for stream in streams] == [200] * len(KINDS)
    for stream in streams:
        stream.wait_for_data()
    withdraw(site, session)
    for stream in streams:
        stream.wait_for_end()
    wait_until(lambda: len(site.authority.admissions) == 0)


@pytest.mark.parametrize("withdraw", [_other_token, _other_token_by_another_process])
def test_the_streams_of_an_old_token_end_with_it(site: Site, withdraw: Callable[[Site, str], None]) -> None:
    by_header = [site.open(path, Authorization=f"Bearer {site.authority.token}") for path in KINDS]
    by_address = [site.open(f"{path}?token={site.authority.token}") for path in KINDS]
    withdraw(site, "")
    for stream in by_header + by_address:
        stream.wait_for_end()


def test_the_streams_of_other_sessions_continue(site: Site) -> None:
    own_session, other_session = site.sign_in(), site.sign_in()
    streams = [site.open(path, Cookie=f"forgather_session={other_session}") for path in KINDS]
    streams += [site.open(path, Authorization=f"Bearer {site.authority.token}") for path in KINDS]
    own = site.open(KINDS[0], Cookie=f"forgather_session={own_session}")
    _log_out(site, own_session)
    own.wait_for_end()
    for stream in streams:
        stream.wait_for_data()
        stream.close()


def test_streams_end_on_plain_waitress_too(tmp_path: Path) -> None:
    """A worker thread sends the stream, as it does for a client that pipelines requests."""
    site = Site(tmp_path, public_api=True)
    session = site.sign_in()
    streams = [site.open(path, Cookie=f"forgather_session={session}") for path in KINDS]
    _log_out(site, session)
    for stream in streams:
        stream.wait_for_end()
    site.stop()
    wait_until(lambda: STREAMS.slots.in_use == 0, what="all slots are free again")


def test_a_session_that_ends_before_its_stream_is_registered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate has admitted the request, but the stream is not registered yet."""
    authority = Authority(tmp_path)
    session = authority.sign_in("127.0.0.1", token=authority.token)
    environ = {"HTTP_COOKIE": f"forgather_session={session}", "forgather.admissions": authority.admissions}
    assert isinstance(authority.identify(environ), Identity)
    authority.sign_out(environ)
    with pytest.raises(ConnectionAbortedError):
        next(iter(while_admitted(environ, [b"secret"])))


def test_a_stream_that_ends_at_once_releases_its_slot(site: Site) -> None:
    with ExitStack() as stack:
        for _ in range(5):
            session = site.sign_in()
            streams = [site.open(path, Cookie=f"forgather_session={session}") for path in KINDS[:3]]
            _log_out(site, session)
            for stream in streams:
                stack.callback(stream.close)
                stream.wait_for_end()
    wait_until(lambda: STREAMS.slots.in_use == TRANSFERS.slots.in_use == 0, what="all slots are free again")
