"""The proxy's own answers, each one sentence."""

from __future__ import annotations

import json
import socket
import threading

import pytest
from viewer_zoo import ID, TIMEOUTS, Front, MakeViewer, Seen

from forgather_units.proxy.target import Ended, NotReady, Open, OpenUnix, Target, Unknown, Waiting

HTML = "text/html,application/xhtml+xml"


@pytest.mark.parametrize(
    ("sent", "location"),
    [
        (f"/api/tb/{ID}", f"/api/tb/{ID}/"),
        (f"/api/tb/{ID}?a=%2F&token=secret&b", f"/api/tb/{ID}/?a=%2F&b"),
        (f"/api/tb/{ID}?token=secret", f"/api/tb/{ID}/"),
        (f"http://evil.test/api/tb/{ID}", f"/api/tb/{ID}/"),
    ],
)
def test_the_slash_is_added(front: Front, viewer: MakeViewer, sent: str, location: str) -> None:
    viewer(b"HTTP/1.1 200 OK\r\n\r\n")
    response, _ = front.ask(sent)
    assert (response.status, response.getheader("Location")) == (301, location)
    assert front.ask(sent, "POST", b"x")[0].status == 308


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        (NotReady("tiny <b>", ID, since=0), 503, "is starting"),
        (Waiting("tiny", ID, "port 6006 is held by another process"), 503, "port 6006 is held by another process."),
        (Waiting("tiny", ID, None), 503, "next in line"),
        (Ended(ID, "killed by a user"), 404, "killed by a user."),
        (Unknown(), 404, "There is no such job."),
    ],
)
def test_a_job_that_cannot_be_opened(front: Front, target: Target, status: int, words: str) -> None:
    front.targets[ID] = target
    response, content = front.ask()
    assert response.status == status
    assert words in json.loads(content)["detail"]
    response, content = front.ask(Accept=HTML)
    assert response.status == status
    assert words in content.decode()
    assert response.getheader("Content-Type") == "text/html; charset=utf-8"
    assert response.getheader("Cache-Control") == "no-store"
    assert response.getheader("Retry-After") == ("1" if status == 503 else None)
    assert (b'http-equiv="refresh"' in content) == (status == 503)
    assert b"<b>" not in content
    assert front.ask(method="HEAD", Accept=HTML)[1] == b""


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def test_a_viewer_that_does_not_listen(front: Front) -> None:
    for target in Open("127.0.0.1", closed_port()), Open("localhost", closed_port()), OpenUnix("/no/such/socket"):
        front.targets[ID] = target
        response, content = front.ask()
        assert response.status == 502
        assert "cannot be reached" in json.loads(content)["detail"]


def test_a_full_unix_socket_is_waited_for(
    front: Front, viewer: MakeViewer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = str(tmp_path_factory.mktemp("full") / "socket")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(path)
        listener.listen(0)
        first.connect(path)
        front.targets[ID] = OpenUnix(path)
        assert front.ask()[0].status == 504


def test_a_viewer_that_says_nothing(front: Front, viewer: MakeViewer) -> None:
    release = threading.Event()
    viewer(lambda connection, request: release.wait(20) and None)
    response, content = front.ask()
    release.set()
    assert response.status == 504
    assert "did not answer in time" in json.loads(content)["detail"]


def test_a_viewer_that_takes_no_body(front: Front, viewer: MakeViewer) -> None:
    release = threading.Event()
    viewer(lambda connection, request: release.wait(20) and None, reads_body=False)
    response, _ = front.ask(method="POST", body=bytes(20_000_000))
    release.set()
    assert response.status == 504


def test_a_viewer_that_stalls_in_the_middle(front: Front, viewer: MakeViewer) -> None:
    release = threading.Event()

    def stall(connection: socket.socket, request: Seen) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        release.wait(20)

    viewer(stall)
    answer = front.get()
    release.set()
    assert answer.endswith(b"\r\n\r\n12345")
    assert TIMEOUTS.stall < 5


@pytest.mark.parametrize("line", ["Upgrade: websocket", "Upgrade: h2c"])
def test_an_upgrade_is_refused(front: Front, viewer: MakeViewer, line: str) -> None:
    made = viewer(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    answer = front.get(f"/api/tb/{ID}/", "Connection: Upgrade", line, version="1.0")
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert not made.seen


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_methods_that_are_not_forwarded(front: Front, viewer: MakeViewer, method: str) -> None:
    made = viewer(b"HTTP/1.1 200 OK\r\n\r\n")
    answer = front.get(method=method)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"Allow: GET, HEAD, POST" in answer
    assert not made.seen


@pytest.mark.parametrize("path", ["/", "/%61pi/tb/x/", "//api/tb/x/"])
def test_other_addresses_are_not_the_proxys(front: Front, path: str) -> None:
    assert front.get(path).startswith(b"HTTP/1.1 404 ")
