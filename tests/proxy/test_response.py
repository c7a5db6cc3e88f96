"""How a viewer's response arrives at the client."""

from __future__ import annotations

import gzip
import http.client

import pytest
from proxy.front import Front
from viewer_zoo import (
    BROKEN_CHUNK,
    HALF_HEAD,
    ID,
    NO_HTTP,
    NO_LAST_CHUNK,
    OK,
    SILENT,
    TOO_LONG_HEAD,
    MakeViewer,
    Trickle,
    endless,
)
from waiting import wait_until


def head_of(answer: bytes) -> list[str]:
    return answer.partition(b"\r\n\r\n")[0].decode("latin-1").split("\r\n")


def body_of(answer: bytes) -> bytes:
    return answer.partition(b"\r\n\r\n")[2]


def test_status_duplicate_headers_and_bytes_are_forwarded(front: Front, viewer: MakeViewer) -> None:
    viewer(
        b"HTTP/1.1 418 I'm a Teapot\r\nContent-Length: 4\r\nSet-Cookie: a=1; Path=/x\r\nSet-Cookie: b=2\r\n"
        b'X-Odd: caf\xe9,  "q"\r\nServer: its-own\r\nDate: Mon, 01 Jan 2024 00:00:00 GMT\r\nKeep-Alive: timeout=5\r\n'
        b"Connection: keep-alive, X-Once\r\nX-Once: 1\r\nLocation: /elsewhere?a#b\r\n\r\n\x00\xff\r\n"
    )
    answer = front.get()
    status, *headers = head_of(answer)
    assert status == "HTTP/1.1 418 I'm a Teapot"
    assert body_of(answer) == b"\x00\xff\r\n"
    policies = [header for header in headers if header.startswith("Content-Security-Policy: sandbox ")]
    assert len(policies) == 1
    assert sorted(set(headers) - set(policies)) == [
        "Connection: close",
        "Content-Length: 4",
        "Date: Mon, 01 Jan 2024 00:00:00 GMT",
        "Location: ../../../elsewhere?a#b",
        "Referrer-Policy: same-origin",
        "Server: forgather",
        "Set-Cookie: a=1; Path=/x",
        "Set-Cookie: b=2",
        'X-Odd: caf\xe9,  "q"',
    ]
    assert len(headers) == len(set(headers))


def test_a_compressed_body_is_forwarded_unchanged(front: Front, viewer: MakeViewer) -> None:
    compressed = gzip.compress(b"hello" * 1000)
    viewer(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(compressed) + compressed,
    )
    response, content = front.ask(Accept_Encoding="gzip")
    assert response.getheader("Content-Encoding") == "gzip"
    assert content == compressed


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_chunked_response_is_forwarded_completely(front: Front, viewer: MakeViewer, version: str) -> None:
    viewer(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
        b"5;e=1\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"
    )
    answer = front.get(version=version)
    if version == "1.0":
        assert body_of(answer) == b"hello world"
        assert b"Transfer-Encoding" not in answer
    else:
        assert body_of(answer) == b"B\r\nhello world\r\n0\r\n\r\n"
    assert b"Trailer" not in answer


def test_a_response_that_ends_with_the_connection(front: Front, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.0 200 OK\r\n\r\n" + b"x" * 200_000)
    assert front.ask()[1] == b"x" * 200_000


@pytest.mark.parametrize("framing", [b"Content-Length: 5", b"Transfer-Encoding: chunked", b"X-None: 1"])
def test_head_has_no_body(front: Front, viewer: MakeViewer, framing: bytes) -> None:
    viewer(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n")
    answer = front.get(method="HEAD")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert body_of(answer) == b""
    assert (b"Content-Length: 5" in answer) == framing.startswith(b"Content-Length")


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_204_and_304_have_no_body(front: Front, viewer: MakeViewer, status: bytes) -> None:
    viewer(b"HTTP/1.1 " + status + b"\r\nContent-Length: 7\r\nETag: x\r\n\r\n")
    answer = front.get()
    assert head_of(answer)[0] == f"HTTP/1.1 {status.decode()}"
    assert "ETag: x" in head_of(answer)
    assert body_of(answer) == b""


def test_a_connection_serves_several_requests(front: Front, viewer: MakeViewer) -> None:
    viewer(OK)
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=120)
    sockets = []
    for _ in range(3):
        connection.request("GET", f"/api/tb/{ID}/")
        sockets.append(connection.sock)
        assert connection.getresponse().read() == b"ok"
    connection.close()
    assert len(set(map(id, sockets))) == 1


def test_interim_responses_are_skipped(front: Front, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\n\r\nyes")
    assert front.ask()[1] == b"yes"


def test_headers_of_64_kib_pass(front: Front, viewer: MakeViewer) -> None:
    large = b"y" * 65536
    viewer(b"HTTP/1.1 200 OK\r\nX-Large: " + large + b"\r\nContent-Length: 0\r\n\r\n")
    assert b"X-Large: " + large + b"\r\n" in front.get(f"/api/tb/{ID}/", "X-Large: " + "z" * 65536)


def test_headers_that_affect_the_whole_origin_are_removed(front: Front, viewer: MakeViewer) -> None:
    viewer(
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nSet-Cookie: forgather_session=x; Path=/\r\nSet-Cookie: own=1\r\n"
        b"Clear-Site-Data: *\r\nService-Worker-Allowed: /\r\nStrict-Transport-Security: max-age=9\r\n"
        b"Referrer-Policy: unsafe-url\r\nContent-Security-Policy: default-src 'self'\r\n\r\n"
    )
    headers = head_of(front.get())
    own = f"http://viewer.test:8765/api/tb/{ID}/"
    assert [h for h in headers if h.startswith("Set-Cookie")] == ["Set-Cookie: own=1"]
    assert [h for h in headers if h.startswith("Referrer")] == ["Referrer-Policy: same-origin"]
    assert not [h for h in headers if h.startswith(("Clear-Site", "Service-Worker", "Strict-"))]
    viewer_policy, added = [h for h in headers if h.startswith("Content-Security-Policy")]
    assert viewer_policy == "Content-Security-Policy: default-src 'self'"
    assert f"connect-src {own} data: blob:;" in added
    assert "allow-popups" not in added


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + b"x" * 70_000,
        NO_LAST_CHUNK,
        BROKEN_CHUNK,
    ],
    ids=["short of its length", "no last chunk", "broken chunk"],
)
def test_a_truncated_response_does_not_appear_complete(front: Front, viewer: MakeViewer, answer: bytes) -> None:
    viewer(answer)
    try:
        response, _ = front.ask()
    except http.client.IncompleteRead:
        return
    # The proxy had read this short response before it sent anything.
    assert response.status == 502


def test_bytes_beyond_the_length_are_dropped(front: Front, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\n\r\nsmuggled")
    assert body_of(front.get()) == b"ok"


@pytest.mark.parametrize(
    "answer",
    [
        SILENT,
        HALF_HEAD,
        NO_HTTP,
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nBad Name: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\nSet-Cookie: b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\nx",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        TOO_LONG_HEAD,
    ],
)
def test_an_invalid_response_is_a_bad_gateway(front: Front, viewer: MakeViewer, answer: bytes) -> None:
    viewer(answer)
    response, content = front.ask()
    assert response.status == 502
    assert b'{"detail": "' in content


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize("status", [b"200 OK", b"204 No Content", b"304 Not Modified"])
@pytest.mark.parametrize(
    "framing",
    [
        b"Content-Length: 3, 3",
        b"Content-Length: 3\r\nContent-Length: 3",
        b"Content-Length:",
        b"Content-Length: " + b"1" * 5000,
        b"Content-Length: \xb2",
        b"Content-Length: -1",
        b"Content-Length: 3\r\nTransfer-Encoding: chunked",
    ],
    ids=["a list", "twice", "empty", "5000 digits", "a superscript", "negative", "with a coding"],
)
def test_an_invalid_length_is_a_bad_gateway(
    front: Front, viewer: MakeViewer, caplog: pytest.LogCaptureFixture, method: str, status: bytes, framing: bytes
) -> None:
    viewer(b"HTTP/1.1 " + status + b"\r\n" + framing + b"\r\n\r\nabc")
    assert front.get(method=method).startswith(b"HTTP/1.1 502 Bad Gateway\r\n")
    assert not [record for record in caplog.records if record.exc_info]


def test_folded_headers_are_unfolded(front: Front, viewer: MakeViewer) -> None:
    viewer(b"HTTP/1.1 200 OK\r\nX-Long: a\r\n  b\r\nContent-Length: 0\r\n\r\n")
    assert "X-Long: a b" in head_of(front.get())


def test_events_are_forwarded_one_by_one(front: Front, viewer: MakeViewer) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
    events = Trickle(head, (b"data: %d\n\n" % number for number in range(3)))
    viewer(events)
    with front.connect() as connection:
        connection.sendall(f"GET /api/tb/{ID}/ HTTP/1.0\r\n\r\n".encode())
        answer = connection.recv(65536)
        assert answer.endswith(b"\r\n\r\n"), "the head arrives before the first event"
        for number in range(3):
            events.drop()
            assert connection.recv(65536) == b"data: %d\n\n" % number
        assert connection.recv(1) == b""


def test_a_client_that_disconnects_ends_the_exchange(front: Front, viewer: MakeViewer) -> None:
    made = viewer(endless)
    with front.connect() as connection:
        connection.sendall(f"GET /api/tb/{ID}/ HTTP/1.0\r\n\r\n".encode())
        assert connection.recv(1)
    wait_until(made.closed.is_set)
