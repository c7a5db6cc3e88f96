"""A client without credentials cannot fill the disk, although waitress stores a body before the gate checks it."""

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
    with socket.create_connection((str(parts.hostname), parts.port or 0), timeout=120) as opened:
        yield opened


def _answer(connection: socket.socket) -> bytes:
    received = b""
    try:
        while piece := connection.recv(65536):
            received += piece
    except ConnectionResetError:
        # The server has closed the connection with unread bytes.
        pass
    return received


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/api/queue", 413),
        ("/api/auth/login", 413),
        # Any size is allowed here, but the gate checks the request before the server reads the body.
        ("/api/tb/q_1_00000000/data", 401),
        ("/sign-in", 413),
    ],
)
def test_a_large_content_length_is_refused_before_the_body(connection: socket.socket, path: str, status: int) -> None:
    # The response arrives although no byte of the body is sent.
    connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {64 * MIB}\r\n\r\n".encode())
    assert _answer(connection).startswith(b"HTTP/1.1 %d " % status)


def test_a_large_chunked_body_is_cut_off(connection: socket.socket) -> None:
    connection.sendall(b"POST /api/queue HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"%x\r\n%s\r\n" % (MIB, bytes(MIB))
    with pytest.raises(ConnectionError):
        for _ in range(64):
            connection.sendall(chunk)


def test_a_body_of_usual_size_reaches_the_gate(forgather: Forgather) -> None:
    answer = forgather.post("/api/queue", {"config": "x" * (MIB // 2)}, headers={"Authorization": "Bearer wrong"})
    assert (answer.status_code, answer.json()["detail"]) == (401, "authentication required")


def test_the_error_for_a_large_submission_is_json(forgather: Forgather) -> None:
    answer = forgather.post("/api/queue", {"config": "x" * 2 * MIB})
    assert answer.status_code == 413
    assert answer.json()["detail"]
