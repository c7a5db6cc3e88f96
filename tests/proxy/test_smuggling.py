"""A request with ambiguous framing is refused, and the bytes after it are not read as another request."""

from __future__ import annotations

import pytest
from proxy.front import Front
from viewer_zoo import ID, MakeViewer

PATH = f"/api/tb/{ID}/".encode()
SECOND = b"GET " + PATH + b"smuggled HTTP/1.1\r\nHost: h\r\n\r\n"
POST = b"POST " + PATH + b" HTTP/1.1\r\nHost: h\r\n"

REFUSED = {
    "length and chunked": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n",
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": POST + b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "identity": POST + b"Transfer-Encoding: identity\r\n\r\n",
    "hidden by a control": POST + b"Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "space before the colon": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
    "two lengths": POST + b"Content-Length: 0\r\nContent-Length: 4\r\n\r\n",
    "one length twice": POST + b"Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
    "a list of lengths": POST + b"Content-Length: 0, 0\r\n\r\n",
    "signed length": POST + b"Content-Length: +0\r\n\r\n",
    "empty length": POST + b"Content-Length:\r\n\r\n",
    "length of 5000 digits": POST + b"Content-Length: " + b"1" * 5000 + b"\r\n\r\n",
    "length of 5000 zeros": POST + b"Content-Length: " + b"0" * 5000 + b"\r\n\r\n",
    "hexadecimal length": POST + b"Content-Length: 0x0\r\n\r\n",
    "folded": POST + b"X: a\r\n b\r\n\r\n",
    "folded first": b"GET " + PATH + b" HTTP/1.1\r\n Host: h\r\n\r\n",
    "bare LF": POST + b"X: a\nContent-Length: 4\r\n\r\n",
    "bare CR": POST + b"X: a\rContent-Length: 4\r\n\r\n",
    "space in a name": POST + b"X Y: a\r\n\r\n",
    "empty name": POST + b": a\r\n\r\n",
    "NUL in a value": POST + b"X: a\x00b\r\n\r\n",
    "chunked in HTTP/1.0": b"POST "
    + PATH
    + b" HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n",
    "no host": b"GET " + PATH + b" HTTP/1.1\r\n\r\n",
    "half a bracket in the target": b"GET http://[ HTTP/1.1\r\nHost: h\r\n\r\n",
    "two hosts": b"GET " + PATH + b" HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "HTTP/0.9": b"GET " + PATH + b"\r\n\r\n",
    "HTTP/2.0": b"GET " + PATH + b" HTTP/2.0\r\nHost: h\r\n\r\n",
    "tab in the target": b"GET " + PATH + b"?to\tken=x HTTP/1.1\r\nHost: h\r\n\r\n",
    "bad chunk size": POST + b"Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n",
    "chunk longer than its size": POST + b"Transfer-Encoding: chunked\r\n\r\n1\r\nhello\r\n0\r\n\r\n",
}


@pytest.mark.parametrize("request_bytes", REFUSED.values(), ids=REFUSED.keys())
def test_ambiguous_requests_are_refused(front: Front, viewer: MakeViewer, request_bytes: bytes) -> None:
    made = viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    answer = front.raw(request_bytes + SECOND)
    assert answer.split(b" ")[1] in (b"400", b"501"), answer
    assert answer.count(b"HTTP/1.") == 1
    assert not made.seen


def test_underscores_do_not_imitate_a_header(front: Front, viewer: MakeViewer) -> None:
    made = viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    front.get(PATH.decode(), "Content_Length: 5", "X_Forwarded_For: 9.9.9.9")
    (request,) = made.seen
    assert request.values("content-length") == []
    assert request.values("x-forwarded-for") == [b"127.0.0.1"]


def test_two_valid_requests_on_one_connection(front: Front, viewer: MakeViewer) -> None:
    made = viewer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
    last = SECOND.replace(b"Host: h", b"Host: h\r\nConnection: close")
    answer = front.raw(POST + b"Content-Length: 2\r\n\r\nhi" + last)
    assert answer.count(b"HTTP/1.1 200 OK") == 2
    assert [request.body for request in made.seen] == [b"hi", b""]
