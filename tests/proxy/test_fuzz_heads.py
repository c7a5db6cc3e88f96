"""Random heads of requests and responses: each gets an HTTP response, and none a traceback."""
# mypy: disallow-untyped-decorators=False

from __future__ import annotations

import re
import socket
from typing import Final

import pytest
from hostile_values import BOUNDED
from hypothesis import given
from hypothesis import strategies as st
from proxy.front import Front
from viewer_zoo import ID, OK, MakeViewer, Viewer

LENGTHS: Final = (
    b"", b"0", b"3", b"3, 3", b"+3", b"-1", b"0x3", b"3 3", b" 3", b"1" * 18, b"1" * 19, b"1" * 5000, b"0" * 5000,
    b"\xb2", b"3\t", b"3;", b"1e3",
)  # fmt: skip
CODINGS: Final = (b"chunked", b"Chunked", b"chunked, chunked", b"gzip, chunked", b"identity", b"", b"\x0bchunked")
NAMES: Final = (
    b"X-A", b"Connection", b"Upgrade", b"Trailer", b"Content-Type", b"Set-Cookie", b"Location", b"Date", b"Expect",
    b"Content-Encoding", b"Keep-Alive", b"Retry-After", b"TE", b"Cookie", b"Authorization",
)  # fmt: skip
BODIES: Final = (
    b"", b"abc", b"3\r\nabc\r\n0\r\n\r\n", b"0\r\n\r\n", b"fffffffffffffffff\r\n", b"x" * 70_000, b"-1\r\n",
)  # fmt: skip
VIEWER: Final = f"/api/tb/{ID}/".encode()
STATUSES: Final = (
    b"HTTP/1.1 200 OK", b"HTTP/1.1 204 No Content", b"HTTP/1.1 304 Not Modified", b"HTTP/1.0 200 OK",
    b"HTTP/1.1 100 Continue", b"HTTP/1.1 101 X", b"HTTP/1.1 999 X", b"HTTP/1.1 2000 X",
)  # fmt: skip
LINES: Final = (
    b"GET / HTTP/1.1", b"POST " + VIEWER + b" HTTP/1.1", b"GET / HTTP/1.0", b"PUT * HTTP/1.1", b"GET http://[ HTTP/1.1",
    b"GET http://a:b/ HTTP/1.1", b"GET //[/ HTTP/1.1", b"GET /%zz HTTP/1.1", b"HEAD " + VIEWER + b" HTTP/1.1",
    b"OPTIONS * HTTP/1.1",
)  # fmt: skip

octets = st.binary(max_size=30)
framings = st.one_of(
    st.sampled_from(LENGTHS).map(lambda value: b"Content-Length: " + value),
    st.sampled_from(CODINGS).map(lambda value: b"Transfer-Encoding: " + value),
)
others = st.one_of(
    st.tuples(st.sampled_from(NAMES), octets).map(lambda pair: pair[0] + b": " + pair[1]),
    st.tuples(octets, octets).map(lambda pair: pair[0] + b":" + pair[1]),
    st.just(b"X: " + b"y" * 300_000),
    octets,
)
# Most heads have one fault only, since the first fault hides the others.
heads = st.one_of(
    framings, st.tuples(framings, others).map(b"\r\n".join), st.lists(framings | others, max_size=4).map(b"\r\n".join)
)


@pytest.fixture
def fuzzed(viewer: MakeViewer) -> Viewer:
    """One viewer for all examples of a test."""
    made: Viewer = viewer(b"")
    return made


def check_log(caplog: pytest.LogCaptureFixture) -> None:
    """No thread has logged an exception, and neither has waitress's loop, which does that in one line."""
    found = [record for record in caplog.records if record.exc_info or "uncaptured" in record.getMessage()]
    assert not found, found
    caplog.clear()


def status_of(front: Front, request: bytes) -> int:
    """The status of the response; 0 if the connection closes without one."""
    with front.connect() as connection:
        try:
            connection.sendall(request)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(65536)
            while b"\r\n" not in answer and (more := connection.recv(65536)):
                answer += more
        except OSError:
            return 0
    found = re.match(rb"HTTP/1\.[01] (\d{3}) ", answer)
    return int(found[1]) if found else 0


@BOUNDED
@given(
    status=st.one_of(st.sampled_from(STATUSES), octets),
    head=heads,
    body=st.sampled_from(BODIES),
    method=st.sampled_from(["GET", "HEAD", "POST", "DELETE"]),
)
def test_a_random_response_of_a_viewer(
    front: Front, fuzzed: Viewer, caplog: pytest.LogCaptureFixture, status: bytes, head: bytes, body: bytes, method: str
) -> None:
    fuzzed.respond = status + b"\r\n" + head + (b"\r\n\r\n" if head else b"\r\n") + body
    answer = status_of(front, f"{method} /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode())
    assert 200 <= answer < 500 or answer in (502, 504), answer
    check_log(caplog)
    fuzzed.respond = OK
    assert front.get().endswith(b"\r\n\r\nok")


@BOUNDED
@given(
    line=st.one_of(st.sampled_from(LINES), octets),
    host=st.sampled_from([b"Host: h\r\n", b"", b"Host: [\r\n", b"Host: a:b:c\r\n", b"Host: \xff\r\n"]),
    head=heads,
    body=st.sampled_from(BODIES),
)
def test_a_random_request(
    front: Front, fuzzed: Viewer, caplog: pytest.LogCaptureFixture, line: bytes, host: bytes, head: bytes, body: bytes
) -> None:
    fuzzed.respond = OK
    answer = status_of(front, line + b"\r\n" + host + head + (b"\r\n\r\n" if head else b"\r\n") + body)
    assert answer < 500, answer
    check_log(caplog)
    assert front.get().endswith(b"\r\n\r\nok")
