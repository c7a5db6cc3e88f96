"""The proxy on an unmodified waitress: the same responses, by waitress's public API only."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest
from proxy.front import Front
from viewer_zoo import OK, MakeViewer, Seen


@pytest.fixture
def plain(front: Front) -> Iterator[Front]:
    """A front on plain waitress with the same targets as the usual one."""
    made = Front(public_api=True)
    made.targets = front.targets
    yield made
    made.stop()


def status_and_body(plain: Front, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
    response, content = plain.ask(method=method, body=body)
    return response.status, content


LARGE = b"x" * 1_000_000


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"Content-Length: 2\r\n\r\nok", b"ok"),
        (b"Content-Length: 1000000\r\n\r\n" + LARGE, LARGE),
        (b"Transfer-Encoding: chunked\r\n\r\nF4240\r\n" + LARGE + b"\r\n0\r\n\r\n", LARGE),
        (b"\r\n" + LARGE, LARGE),
    ],
    ids=["small", "large", "chunked", "until close"],
)
def test_responses_of_every_framing(plain: Front, viewer: MakeViewer, answer: bytes, body: bytes) -> None:
    viewer(b"HTTP/1.1 200 OK\r\n" + answer)
    assert status_and_body(plain) == (200, body)


def test_a_slow_response(plain: Front, viewer: MakeViewer) -> None:
    def late(connection: socket.socket, request: Seen) -> None:
        threading.Event().wait(1.2)
        connection.sendall(OK)

    viewer(late)
    assert status_and_body(plain) == (200, b"ok")


def test_a_request_with_a_body(plain: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    assert status_and_body(plain, "POST", LARGE) == (200, b"ok")
    assert made.seen[0].body == LARGE


def test_a_response_that_is_cut_off(plain: Front, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + LARGE)
    with pytest.raises(http.client.IncompleteRead):
        plain.ask()


def test_head_without_a_length(plain: Front, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.1 200 OK\r\nX-Endless: 1\r\n\r\n")
    assert status_and_body(plain, "HEAD") == (200, b"")
