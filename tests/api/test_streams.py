"""Event streams on a real waitress with few worker threads."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack

import pytest
from flask import Flask, Response
from in_thread import InThread, PlainWaitress
from waiting import wait_until

from forgather_units.http.relay import STREAMS, raise_open_files_limit
from forgather_units.http.server.event_stream import stream_response

FEW = 4


class Ticker:
    """Streams that send `data: open`, then `data: tick` when `tick` is called, and end."""

    def __init__(self, *, public_api: bool = False) -> None:
        raise_open_files_limit()
        self.ticks: list[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = []
        self.ended = 0
        app = Flask("ticker")
        app.add_url_rule("/stream", "stream", view_func=lambda: stream_response(self._events()))
        app.add_url_rule("/small", "small", view_func=lambda: Response("small"))
        self._server = PlainWaitress(app, threads=FEW) if public_api else InThread(app, threads=FEW)
        self.port = self._server.port

    async def _events(self) -> AsyncGenerator[bytes, None]:
        released = asyncio.Event()
        self.ticks.append((asyncio.get_running_loop(), released))
        try:
            yield b"data: open\n\n"
            while not released.is_set():
                try:
                    async with asyncio.timeout(0.5):
                        await released.wait()
                except TimeoutError:
                    yield b": alive\n\n"
            yield b"data: tick\n\n"
        finally:
            self.ended += 1

    def tick(self) -> None:
        for loop, released in self.ticks:
            loop.call_soon_threadsafe(released.set)

    def stop(self) -> None:
        self._server.stop()

    def ask(self, path: str) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port))
        connection.settimeout(120)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        return connection

    def small(self) -> bool:
        with self.ask("/small") as connection:
            return connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


@pytest.fixture
def ticker() -> Iterator[Ticker]:
    made = Ticker()
    yield made
    made.stop()


def until(connection: socket.socket, what: bytes) -> bytes:
    answer = b""
    while what not in answer:
        received = connection.recv(65536)
        assert received, answer
        answer += received
    return answer


def test_the_number_of_streams_is_limited(ticker: Ticker) -> None:
    assert ticker.small(), "all its threads have started"
    threads = threading.active_count()
    with ExitStack() as held:
        streams = []
        for _ in range(STREAMS.slots.limit):
            streams.append(held.enter_context(ticker.ask("/stream")))
        for stream in streams:
            until(stream, b"data: open")
        assert threading.active_count() <= threads + 1, "only the relay's own is new"
        assert all(ticker.small() for _ in range(20))
        with ticker.ask("/stream") as refused:
            answer = refused.recv(65536)
        assert answer.startswith(b"HTTP/1.1 503 ")
        assert b"Retry-After: 5\r\n" in answer
        ticker.tick()
        for stream in streams:
            until(stream, b"data: tick\n\n\r\n0\r\n\r\n")
            assert stream.recv(1) == b""
    wait_until(lambda: STREAMS.slots.in_use == 0, what="all slots are free again")


def test_the_response_head_is_the_application_s(ticker: Ticker) -> None:
    with ticker.ask("/stream") as stream:
        head, _, body = until(stream, b"data: open").partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert sum(line.startswith(b"Content-Type: text/event-stream") for line in lines) == 1
    assert b"Cache-Control: no-cache" in lines
    assert b"Connection: close" in lines
    assert sum(line.startswith(b"Date: ") for line in lines) == 1
    assert body.startswith(b"C\r\ndata: open\n\n\r\n")


def test_a_client_that_disconnects_ends_the_stream(ticker: Ticker) -> None:
    with ticker.ask("/stream") as stream:
        until(stream, b"data: open")
        assert STREAMS.slots.in_use == 1
    wait_until(lambda: ticker.ended == 1 and STREAMS.slots.in_use == 0, what="its slot is free")


def test_a_stream_after_another_request_on_one_connection(ticker: Ticker) -> None:
    with socket.create_connection(("127.0.0.1", ticker.port)) as connection:
        connection.settimeout(120)
        connection.sendall(b"GET /small HTTP/1.1\r\nHost: h\r\n\r\nGET /stream HTTP/1.1\r\nHost: h\r\n\r\n")
        answer = until(connection, b"data: open")
        assert answer.count(b"HTTP/1.1 200 OK") == 2
        assert answer.index(b"small") < answer.index(b"data: open")
        ticker.tick()
        until(connection, b"data: tick")
    wait_until(lambda: STREAMS.slots.in_use == 0, what="its slot is free")


def test_a_stream_works_on_plain_waitress() -> None:
    ticker = Ticker(public_api=True)
    try:
        with ticker.ask("/stream") as stream:
            until(stream, b"data: open")
            assert ticker.small()
            ticker.tick()
            until(stream, b"data: tick")
        wait_until(lambda: ticker.ended == 1 and STREAMS.slots.in_use == 0, what="its slot is free")
    finally:
        ticker.stop()
