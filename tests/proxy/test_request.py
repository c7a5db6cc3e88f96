"""How a client's request arrives at the viewer."""

from __future__ import annotations

import threading

import pytest
from proxy.front import Front
from viewer_zoo import ID, OK, MakeViewer, Seen, early_413, echo


def the_one(viewer_seen: list[Seen]) -> Seen:
    (request,) = viewer_seen
    return request


@pytest.mark.parametrize(
    ("sent", "arrived"),
    [
        ("/a%2Fb", "/a%2Fb"),
        ("/a%23b?c=%23#d", "/a%23b?c=%23#d"),
        ("/a%20b+c", "/a%20b+c"),
        ("/../x/./y//z", "/../x/./y//z"),
        ("/%zz?%", "/%zz?%"),
        ("/?", "/?"),
        ("/?b=1&token=secret&a=%2f&b=1", "/?b=1&a=%2f&b=1"),
        ("/?token=secret", "/"),
    ],
)
def test_the_path_is_forwarded_unchanged(front: Front, viewer: MakeViewer, sent: str, arrived: str) -> None:
    made = viewer(OK)
    front.get(f"/api/tb/{ID}{sent}")
    assert the_one(made.seen).line == f"GET /api/tb/{ID}{arrived} HTTP/1.1".encode("latin-1")


def test_all_headers_but_hop_by_hop_and_server_credentials_are_forwarded(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    answer = front.get(
        f"/api/tb/{ID}/",
        "Connection: close, X-Once",
        "X-Once: 1",
        "X-Kept: a,  b",
        "Accept-Encoding: gzip, br",
        "Cookie: a=1; forgather_session=secret; b=2",
        "Cookie: forgather_session=secret",
        "Authorization: Bearer secret",
        "Referer: http://viewer.test:8765/?token=secret&x=1",
        "TE: trailers",
        "Keep-Alive: timeout=5",
        "Proxy-Authorization: Basic secret",
        "X-Forwarded-For: 9.9.9.9",
        "X-Forwarded-Prefix: /evil",
        "Forwarded: for=9.9.9.9",
        "X-Real-IP: 9.9.9.9",
        version="1.0",
    )
    assert answer.startswith(b"HTTP/1.0 200 OK\r\n")
    assert sorted(the_one(made.seen).headers) == [
        (b"Accept-Encoding", b"gzip, br"),
        (b"Connection", b"close"),
        (b"Cookie", b"a=1; b=2"),
        (b"Host", b"viewer.test:8765"),
        (b"Referer", b"http://viewer.test:8765/?x=1"),
        (b"X-Forwarded-For", b"127.0.0.1"),
        (b"X-Forwarded-Proto", b"http"),
        (b"X-Kept", b"a,  b"),
    ]


def test_other_credentials_are_forwarded(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    front.get(f"/api/tb/{ID}/", "Authorization: Basic dTpw", "Cookie: its=own")
    assert the_one(made.seen).values("authorization") == [b"Basic dTpw"]
    assert the_one(made.seen).values("cookie") == [b"its=own"]


def test_a_request_without_host_gets_the_viewer_s_address(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    assert front.raw(f"GET /api/tb/{ID}/ HTTP/1.0\r\n\r\n".encode()).startswith(b"HTTP/1.0 200")
    assert the_one(made.seen).values("host") == [f"127.0.0.1:{made.port}".encode()]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_a_body_is_forwarded_with_its_length_and_type(front: Front, viewer: MakeViewer, method: str) -> None:
    made = viewer(OK)
    body = bytes(range(256)) * 4
    response, content = front.ask(method=method, body=body, Content_Type="application/x-own")
    request = the_one(made.seen)
    assert (response.status, content) == (200, b"ok")
    assert request.body == body
    assert request.values("content-length") == [b"1024"]
    assert request.values("content-type") == [b"application/x-own"]


def test_an_empty_post_has_a_content_length(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    front.get(f"/api/tb/{ID}/", "Content-Length: 0", method="POST")
    assert the_one(made.seen).values("content-length") == [b"0"]


def test_a_chunked_body_is_forwarded_completely(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    head = f"POST /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    front.raw(head.encode() + b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n")
    assert the_one(made.seen).body == b"hello world"
    assert the_one(made.seen).values("transfer-encoding") == []


def test_the_proxy_itself_sends_100_continue(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK)
    head = f"POST /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 2"
    with front.connect() as connection:
        connection.sendall(head.encode() + b"\r\n\r\n")
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"hi")
        assert connection.recv(65536).startswith(b"HTTP/1.1 200")
    assert the_one(made.seen).body == b"hi"
    assert the_one(made.seen).values("expect") == []


def test_the_response_of_a_viewer_that_refuses_the_body_is_forwarded(front: Front, viewer: MakeViewer) -> None:
    viewer(early_413, reads_body=False)
    response, content = front.ask(method="POST", body=bytes(20_000_000))
    assert (response.status, content) == (413, b"big")


def test_a_viewer_that_responds_while_it_reads_does_not_block(front: Front, viewer: MakeViewer) -> None:
    size = 30_000_000
    viewer(echo, reads_body=False)
    body = bytes(range(250)) * (size // 250)
    head = f"POST /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\nContent-Length: {size}\r\n\r\n".encode()
    with front.connect() as connection:
        # The proxy reads no faster than the client reads the response, as the viewer itself does.
        sender = threading.Thread(target=connection.sendall, args=(head + body,))
        sender.start()
        answer = b"".join(iter(lambda: connection.recv(1 << 20), b""))
        sender.join()
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.partition(b"\r\n\r\n")[2] == body


def test_the_path_is_forwarded_over_a_unix_socket(front: Front, viewer: MakeViewer) -> None:
    made = viewer(OK, unix=True)
    assert front.get(f"/api/tb/{ID}/x").endswith(b"\r\n\r\nok")
    assert the_one(made.seen).line == f"GET /api/tb/{ID}/x HTTP/1.1".encode()
