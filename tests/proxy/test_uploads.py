"""Requests with bodies that are too large to be read before they are forwarded."""

from __future__ import annotations

import socket
import threading

import pytest
from proxy.front import Front
from viewer_zoo import ID, OK, MakeViewer, Seen, Sink

LARGE = 1 << 20
PATH = f"/api/tb/{ID}/"


def head(*lines: str, path: str = PATH) -> bytes:
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: h", *lines, "", ""]).encode()


def read_all(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(1 << 20), b""))


@pytest.mark.parametrize("length", [LARGE, 256 * 1024, 256 * 1024 + 1])
def test_bytes_after_the_body_are_not_part_of_it(front: Front, viewer: MakeViewer, length: int) -> None:
    made = viewer(OK)
    second = f"GET {PATH}second HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
    with front.connect() as connection:
        threading.Thread(
            target=connection.sendall, args=(head(f"Content-Length: {length}") + b"x" * length + second,)
        ).start()
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert made.seen[0].body == b"x" * length
    # The connection closes after a large body; the client sends the second request again.
    assert len(made.seen) == answer.count(b"HTTP/1.1 200 OK") == (1 if length > 256 * 1024 else 2)


@pytest.mark.parametrize("framing", [f"Content-Length: {LARGE}", "Transfer-Encoding: chunked"])
def test_100_continue_is_sent_when_the_body_is_needed(front: Front, viewer: MakeViewer, framing: str) -> None:
    made = viewer(OK)
    body = b"x" * LARGE
    with front.connect() as connection:
        connection.sendall(head("Expect: 100-continue", framing))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body if "Length" in framing else b"100000\r\n" + body + b"\r\n0\r\n\r\n")
        assert read_all(connection).endswith(b"\r\n\r\nok")
    (request,) = made.seen
    assert request.body == body
    assert request.values("expect") == []
    assert request.values("connection") == [b"close"]


@pytest.mark.parametrize(
    ("path", "status"),
    [("/api/tb/unknown/", b"404"), ("/other", b"404"), (f"/api/tb/{ID}", b"308")],
)
def test_a_refusal_arrives_before_the_client_has_sent_the_body(
    front: Front, viewer: MakeViewer, path: str, status: bytes
) -> None:
    made = viewer(OK)
    with front.connect() as connection:
        connection.sendall(head(f"Content-Length: {LARGE}", path=path))
        if path == "/other":  # outside the mounts the body is read first
            connection.sendall(bytes(LARGE))
        answer = b""
        while b"\r\n\r\n" not in answer:
            answer += connection.recv(65536)
        assert answer.split(b" ")[1] == status
        # The client may continue to send for a while without a reset of the connection.
        connection.sendall(bytes(LARGE // 2))
    assert not made.seen


def test_a_client_that_disconnects_during_an_upload(front: Front, viewer: MakeViewer) -> None:
    sink = Sink()
    viewer(sink, reads_body=False)
    with front.connect() as connection:
        connection.sendall(head(f"Content-Length: {LARGE}") + bytes(LARGE // 2))
    assert sink.ended.wait(120), "the viewer's connection is closed too"


@pytest.mark.parametrize(
    "rest",
    [b"0x10\r\nhello", b"5\r\nhello!\r\n0\r\n\r\n", b"-1\r\n\r\n", b"5 5\r\nhello\r\n0\r\n\r\n", b"g\r\n"],
)
@pytest.mark.parametrize("at_once", [True, False])
def test_invalid_chunks_are_refused(front: Front, viewer: MakeViewer, rest: bytes, at_once: bool) -> None:
    """The viewer never gets a complete body."""
    complete: list[bytes] = []

    def take(connection: socket.socket, request: Seen) -> None:
        body = request.body
        while b"0\r\n\r\n" not in body:
            received = connection.recv(65536)
            if not received:
                return
            body += received
        complete.append(body)

    viewer(take, reads_body=False)
    first = head("Transfer-Encoding: chunked") + b"5\r\nhello\r\n"
    with front.connect() as connection:
        if at_once:
            connection.sendall(first + rest)
        else:
            connection.sendall(first)
            threading.Event().wait(0.1)
            connection.sendall(rest)
        answer = read_all(connection)
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert not complete


def test_chunks_are_forwarded_one_by_one(front: Front, viewer: MakeViewer) -> None:
    received: list[bytes] = []
    arrived = threading.Semaphore(0)

    def take(connection: socket.socket, request: Seen) -> None:
        data = request.body
        while True:
            if data:
                received.append(data)
                arrived.release()
            if b"".join(received).endswith(b"0\r\n\r\n"):
                break
            data = connection.recv(65536)
        connection.sendall(OK)

    viewer(take, reads_body=False)
    with front.connect() as connection:
        connection.sendall(head("Transfer-Encoding: chunked") + b"3;x=y\r\none\r\n")
        assert arrived.acquire(timeout=120)
        connection.sendall(b"3\r\ntwo\r\n")
        assert arrived.acquire(timeout=120)
        connection.sendall(b"0\r\nX-Trailer: 1\r\n\r\n")
        assert read_all(connection).endswith(b"\r\n\r\nok")
    assert b"".join(received) == b"3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n"
