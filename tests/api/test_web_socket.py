"""The server's own WebSockets, on a real waitress; the client is the `websockets` library, or raw bytes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncGenerator, Iterator

import pytest
from flask import Flask, Response
from in_thread import InThread, PlainWaitress
from waiting import wait_until
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from forgather_units.api import errors
from forgather_units.auth.admissions import ADMISSIONS, Admissions
from forgather_units.auth.credentials import Presented
from forgather_units.http.relay import STREAMS
from forgather_units.http.server.web_socket import Message, web_socket_response

HANDSHAKE = (
    "GET /socket HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Site:
    """Sends a binary and a text message, and the rest when `release` is called. `account` is that of all clients."""

    def __init__(self, *, public_api: bool = False) -> None:
        self.account: str | None = "alice"
        self.admissions = Admissions(lambda presented: self._account_of(presented))
        self.released: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self.ended = 0
        self.fails = False
        app = Flask("site")
        errors.register(app)
        app.add_url_rule("/socket", "socket", view_func=self._socket, websocket=True)

        def admitted(environ, start_response):  # type: ignore[no-untyped-def]
            environ[ADMISSIONS] = self.admissions
            return app(environ, start_response)

        self._server = PlainWaitress(admitted) if public_api else InThread(admitted)
        self.port = self._server.port

    def _account_of(self, presented: Presented) -> str | None:
        return self.account

    def _socket(self) -> Response:
        return web_socket_response(self._messages())

    async def _messages(self) -> AsyncGenerator[Message, None]:
        released = asyncio.Event()
        self.released.append((asyncio.get_running_loop(), released))
        try:
            yield b"\x00\xffraw\n"
            yield "text \N{SNOWMAN}"
            await released.wait()
            if self.fails:
                raise ValueError("a fault of the server")
            yield b"x" * 1_000_000
        finally:
            self.ended += 1

    def release(self) -> None:
        wait_until(lambda: self.released)
        for loop, event in self.released:
            loop.call_soon_threadsafe(event.set)

    def open(self) -> ClientConnection:
        return connect(f"ws://127.0.0.1:{self.port}/socket")

    def raw(self, request: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=120)
        connection.sendall(request.encode())
        return connection

    def stop(self) -> None:
        self.release_all()
        self._server.stop()

    def release_all(self) -> None:
        for loop, event in self.released:
            loop.call_soon_threadsafe(event.set)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.stop()
    wait_until(lambda: STREAMS.slots.in_use == 0, what="all slots are free again")


def head_of(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        assert piece, received
        received += piece
    return received


def test_messages_arrive_and_the_server_closes(site: Site) -> None:
    with site.open() as client:
        assert client.recv() == b"\x00\xffraw\n"
        assert client.recv() == "text \N{SNOWMAN}"
        site.release()
        assert client.recv() == b"x" * 1_000_000
        with pytest.raises(ConnectionClosedOK):
            client.recv()
    assert site.ended == 1


def test_pings_are_answered_and_messages_ignored(site: Site) -> None:
    with site.open() as client:
        client.recv()
        client.recv()
        assert client.ping(b"are you there").wait(120)
        client.send("ignored")
        client.send(b"ignored" * 100_000)
        assert client.ping(b"still there").wait(120)


def test_a_client_that_closes_ends_the_stream(site: Site) -> None:
    with site.open() as client:
        client.recv()
    assert client.close_code == 1000
    wait_until(lambda: site.ended == 1)


def test_a_client_that_disconnects_ends_the_stream(site: Site) -> None:
    with site.raw(HANDSHAKE) as connection:
        head_of(connection)
    wait_until(lambda: site.ended == 1 and STREAMS.slots.in_use == 0)


def test_a_frame_that_breaks_the_protocol_ends_the_stream(site: Site) -> None:
    with site.raw(HANDSHAKE) as connection:
        received = head_of(connection)
        # A frame of a client must be masked.
        connection.sendall(b"\x81\x03abc")
        while piece := connection.recv(65536):
            received += piece
    # A close frame with the status 1002.
    assert b"\x88" in received
    assert (1002).to_bytes(2) in received
    wait_until(lambda: site.ended == 1)


def test_a_stream_that_fails_is_closed_as_an_internal_error(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    site.fails = True
    with site.open() as client:
        client.recv()
        client.recv()
        site.release()
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1011
    wait_until(lambda: "a fault of the server" in caplog.text)


def test_withdrawn_credentials_close_it(site: Site) -> None:
    with site.open() as client:
        client.recv()
        client.recv()
        site.account = None
        site.admissions.review()
        with pytest.raises(ConnectionClosedError) as closed:
            client.recv()
    assert closed.value.rcvd is not None
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (1008, "the credentials were withdrawn")


@pytest.mark.parametrize(
    ("line", "replacement", "status"),
    [
        ("Sec-WebSocket-Version: 13\r\n", "Sec-WebSocket-Version: 8\r\n", 426),
        ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", 400),
        ("Connection: Upgrade\r\n", "", 400),
        ("Upgrade: websocket\r\n", "", 400),
    ],
)
def test_an_invalid_handshake_is_refused(site: Site, line: str, replacement: str, status: int) -> None:
    assert line in HANDSHAKE
    with site.raw(HANDSHAKE.replace(line, replacement)) as connection:
        received = head_of(connection)
    assert received.startswith(b"HTTP/1.1 %d " % status), received
    assert site.ended == 0


def test_too_many_are_refused(site: Site) -> None:
    with contextlib.ExitStack() as held:
        for _ in range(STREAMS.slots.limit):
            assert STREAMS.slots.reserve()
            held.callback(STREAMS.slots.release)
        with pytest.raises(InvalidStatus) as refused:
            site.open()
    assert refused.value.response.status_code == 503
    assert refused.value.response.headers["Retry-After"] == "5"


def test_a_server_that_cannot_hand_over_refuses() -> None:
    site = Site(public_api=True)
    try:
        with pytest.raises(InvalidStatus) as refused:
            site.open()
        assert refused.value.response.status_code == 503
        assert STREAMS.slots.in_use == 0
    finally:
        site.stop()
