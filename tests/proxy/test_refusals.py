"""The proxy's own error responses, one sentence each."""

from __future__ import annotations

import json
import socket

import pytest
from ports import free_port
from proxy.front import Front
from viewer_zoo import ID, MakeViewer, never_answers, stalls

from forgather_units.proxy.destination import Destination, Ended, NotReady, Open, OpenUnix, Unknown, Waiting

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
def test_a_missing_final_slash_is_added_by_a_redirect(
    front: Front, viewer: MakeViewer, sent: str, location: str
) -> None:
    viewer(b"HTTP/1.1 200 OK\r\n\r\n")
    response, _ = front.ask(sent)
    assert (response.status, response.getheader("Location")) == (301, f"../..{location}")
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
def test_jobs_that_are_not_available(front: Front, target: Destination, status: int, words: str) -> None:
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


def test_a_viewer_that_does_not_listen_is_a_bad_gateway(front: Front) -> None:
    for target in Open("127.0.0.1", free_port()), Open("localhost", free_port()), OpenUnix("/no/such/socket"):
        front.targets[ID] = target
        response, content = front.ask()
        assert response.status == 502
        assert "The viewer cannot be reached" in json.loads(content)["detail"]
    front.targets[ID] = OpenUnix("/no/such/socket", noun="MkDocs")
    assert json.loads(front.ask()[1])["detail"].startswith("MkDocs cannot be reached at ")


def test_a_full_unix_socket_is_a_gateway_timeout(hasty_front: Front, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = str(tmp_path_factory.mktemp("full") / "socket")
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as first:
        listener.bind(path)
        listener.listen(0)
        first.connect(path)
        hasty_front.targets[ID] = OpenUnix(path)
        assert hasty_front.ask()[0].status == 504


def test_a_viewer_that_never_responds_is_a_gateway_timeout(hasty_front: Front, viewer: MakeViewer) -> None:
    viewer(never_answers)
    response, content = hasty_front.ask()
    assert response.status == 504
    assert "did not respond in time" in json.loads(content)["detail"]


def test_a_viewer_that_reads_no_body_is_a_gateway_timeout(hasty_front: Front, viewer: MakeViewer) -> None:
    viewer(never_answers, reads_body=False)
    response, _ = hasty_front.ask(method="POST", body=bytes(20_000_000))
    assert response.status == 504


def test_a_viewer_that_stalls_ends_the_response(hasty_front: Front, viewer: MakeViewer) -> None:
    viewer(stalls)
    answer = hasty_front.get()
    assert answer.endswith(b"\r\n\r\n12345")


@pytest.mark.parametrize("line", ["Upgrade: websocket", "Upgrade: h2c"])
def test_an_upgrade_is_refused(front: Front, viewer: MakeViewer, line: str) -> None:
    made = viewer(b"HTTP/1.1 101 Switching Protocols\r\n\r\n")
    answer = front.get(f"/api/tb/{ID}/", "Connection: Upgrade", line, version="1.0")
    assert answer.startswith(b"HTTP/1.0 400 ")
    assert not made.seen


@pytest.mark.parametrize("method", ["TRACE", "CONNECT"])
def test_other_methods_are_not_allowed(front: Front, viewer: MakeViewer, method: str) -> None:
    made = viewer(b"HTTP/1.1 200 OK\r\n\r\n")
    answer = front.get(method=method)
    assert answer.startswith(b"HTTP/1.1 405 ")
    assert b"Allow: GET, HEAD, POST" in answer
    assert not made.seen


@pytest.mark.parametrize("path", ["/", "/%61pi/tb/x/", "//api/tb/x/"])
def test_paths_outside_the_mounts_are_not_found(front: Front, path: str) -> None:
    assert front.get(path).startswith(b"HTTP/1.1 404 ")
