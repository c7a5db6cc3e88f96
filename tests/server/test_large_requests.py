"""Whoever has no credentials cannot fill the disk either: waitress takes a body in before the gate is asked."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from forgather_server import Forgather

MIB = 1 << 20


@pytest.fixture
def connection(forgather: Forgather) -> Iterator[socket.socket]:
    parts = urlsplit(forgather.url)
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=30) as opened:
        yield opened


def _answer(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        # It has closed with bytes of ours unread.
        pass
    return received


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/queue", 413),
        ("/api/auth/login", 413),
        # Of any size, but nothing of it is taken in before the gate has said yes.
        ("/api/tb/q_1_00000000/data", 401),
        ("/sign-in", 413),
    ],
)
def test_one_that_says_its_size_is_refused_before_its_body(connection: socket.socket, path: str, status: int) -> None:
    # No byte of the body is ever sent, and the answer is there.
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {64 * MIB}\r\n\r\n".encode())
    assert _answer(connection).startswith(b"HTTP/1.1 %d " % status)


def test_one_that_does_not_say_its_size_is_cut_off(connection: socket.socket) -> None:
    connection.sendall(b"POST /api/queue HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"%x\r\n%s\r\n" % (MIB, bytes(MIB))
    with pytest.raises(ConnectionError):
        for _ in range(64):
            connection.sendall(chunk)


def test_one_of_the_usual_size_comes_to_the_gate(forgather: Forgather) -> None:
    answer = forgather.post("/api/queue", {"config": "x" * (MIB // 2)}, headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["detail"]) == (401, "authentication required")


def test_a_submission_that_is_too_large_is_told_so_in_json(forgather: Forgather) -> None:
    answer = forgather.post("/api/queue", {"config": "x" * 2 * MIB})
    assert answer.status_code == 413
    assert answer.json()["detail"]
