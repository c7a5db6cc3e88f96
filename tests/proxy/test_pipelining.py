"""Pipelined requests: the number that one connection may queue is limited."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from in_thread import InThread
from proxy.front import Front
from viewer_zoo import ID, OK, MakeViewer

THREADS = 4
LARGE = 4 * 1024 * 1024
"""More than the kernel and waitress buffer for a client that does not read."""


@pytest.mark.parametrize("count", [2, 4])
def test_a_few_pipelined_requests_all_get_responses(front: Front, viewer: MakeViewer, count: int) -> None:
    made = viewer(OK)
    line = f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n"
    with front.connect() as connection:
        connection.sendall(f"{line}\r\n".encode() * count)
        answer = b""
        while answer.count(b"\r\n\r\nok") < count:
            answer += connection.recv(65536)
        # The connection stays open for more requests.
        connection.sendall(f"{line}Connection: close\r\n\r\n".encode())
        while received := connection.recv(65536):
            answer += received
    assert answer.count(b"\r\n\r\nok") == len(made.seen) == count + 1


def test_too_many_pipelined_requests_close_the_connection(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    answer = front.raw(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode() * 60)
    assert answer.count(b"\r\n\r\nok") == len(made.seen) == 4
    assert answer.rpartition(b"HTTP/1.1 200 OK")[2].count(b"Connection: close") == 1


@pytest.fixture
def large() -> Iterator[tuple[InThread, Callable[[], int]]]:
    """A server with large responses, and the number of those it has made."""
    made: list[str] = []

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = b"x" * (LARGE if environ["PATH_INFO"] == "/large" else 2)
        made.append(environ["PATH_INFO"])
        start_response("200 OK", [("Content-Length", str(len(body)))])
        return [body]

    server = InThread(application, threads=THREADS)
    yield server, lambda: made.count("/large")
    server.stop()


def test_clients_that_do_not_read_block_no_thread(large: tuple[InThread, Callable[[], int]]) -> None:
    server, count = large
    with ExitStack() as held:
        clients = []
        for _ in range(THREADS + 2):
            client = held.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(120)
            client.connect(("127.0.0.1", server.port))
            client.sendall(b"GET /large HTTP/1.1\r\nHost: h\r\n\r\n" * 3)
            clients.append(client)
        # Otherwise all worker threads would wait for these clients.
        for _ in range(5):
            assert requests.get(f"http://127.0.0.1:{server.port}/", timeout=120).text == "xx"
        # The server has made no more than one response for each client.
        assert count() == THREADS + 2
        received = 0
        while received < 3 * LARGE:
            piece = clients[0].recv(1 << 20)
            assert piece, received
            received += len(piece)
    assert count() == THREADS + 4
