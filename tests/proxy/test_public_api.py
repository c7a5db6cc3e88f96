"""The proxy on a waitress that hands nothing over: the same answers, by the public API alone."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator

import pytest
from in_thread import PlainWaitress
from viewer_zoo import ID, TIMEOUTS, MakeViewer, Seen

from forgather_units.proxy.target import Target, Unknown
from forgather_units.proxy.wsgi import Proxy


class PlainFront:
    """Like the zoo's front, of waitress as it is."""

    def __init__(self, targets: dict[str, Target]) -> None:
        proxy = Proxy(lambda mount, name: targets.get(name, Unknown()), TIMEOUTS)
        self._server = PlainWaitress(proxy)
        self.port = self._server.port

    def stop(self) -> None:
        self._server.stop()

    def ask(self, method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.request(method, f"/api/tb/{ID}/", body)
        response = connection.getresponse()
        content = response.read()
        connection.close()
        return response.status, content


@pytest.fixture
def plain(front: object, request: pytest.FixtureRequest) -> Iterator[PlainFront]:
    made = PlainFront(request.getfixturevalue("running_front").targets)
    yield made
    made.stop()


LARGE = b"x" * 1_000_000


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (b"Content-Length: 2\r\n\r\nok", b"ok"),
        (b"Content-Length: 1000000\r\n\r\n" + LARGE, LARGE),
        (b"Transfer-Encoding: chunked\r\n\r\nF4240\r\n" + LARGE + b"\r\n0\r\n\r\n", LARGE),
        (b"\r\n" + LARGE, LARGE),
    ],
    ids=["small", "large", "chunked", "until it closes"],
)
def test_answers(plain: PlainFront, viewer: MakeViewer, answer: bytes, body: bytes) -> None:
    viewer(b"HTTP/1.1 200 OK\r\n" + answer)
    assert plain.ask() == (200, body)


def test_a_slow_answer_is_waited_for_here(plain: PlainFront, viewer: MakeViewer) -> None:
    def late(connection: socket.socket, request: Seen) -> None:
        threading.Event().wait(1.2)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")

    viewer(late)
    assert plain.ask() == (200, b"ok")


def test_a_body(plain: PlainFront, viewer: MakeViewer) -> None:
    made = viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    assert plain.ask("POST", LARGE) == (200, b"ok")
    assert made.seen[0].body == LARGE


def test_one_cut_off(plain: PlainFront, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 2000000\r\n\r\n" + LARGE)
    with pytest.raises(http.client.IncompleteRead):
        plain.ask()


def test_head_without_a_length(plain: PlainFront, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.1 200 OK\r\nX-Endless: 1\r\n\r\n")
    assert plain.ask("HEAD") == (200, b"")
