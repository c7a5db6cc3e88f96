"""Errors of the HTTP engine, before any application sees the request: a page for a browser, else JSON."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from clients import Clients
from in_thread import InThread

HTML = b"Accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n"
MOST_BODY = 4096
SCRIPT = b"<script>alert(1)</script>"

REFUSED = {
    "two hosts": (b"GET / HTTP/1.1\r\nHost: h\r\nHost: h\r\n", 400, "More than one Host header."),
    "a malformed header": (b"GET / HTTP/1.1\r\nHost: h\r\nX Y: a\r\n", 400, "The address or a header is malformed."),
    "half a bracket": (b"GET http://[ HTTP/1.1\r\nHost: h\r\n", 400, "The request cannot be parsed."),
    "a large body": (
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 5000\r\n",
        413,
        "The body of the request is larger than 4 KiB.",
    ),
    "an unknown coding": (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n", 400, "This Transfer-Encoding"),
    "a failure": (
        b"GET / HTTP/1.1\r\nHost: h\r\n",
        500,
        "Internal server error; the server's journal has the details.",
    ),
}


class Engine(Clients):
    """The engine with an application that fails."""

    def __init__(self) -> None:
        self._server = InThread(self._fail, max_request_body_size=MOST_BODY, home="/lab/")
        self.port = self._server.port

    def _fail(self, environ: dict[str, Any], start_response: Any) -> Any:
        raise RuntimeError("a test")

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def engine(caplog: pytest.LogCaptureFixture) -> Iterator[Engine]:
    caplog.set_level(logging.CRITICAL, "waitress")
    made = Engine()
    yield made
    made.stop()


def parts(answer: bytes) -> tuple[int, dict[str, str], str]:
    """Status, headers and body of the only response."""
    assert answer.count(b"HTTP/1.") == 1, answer
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    assert int(headers["content-length"]) == len(body) or not body
    return int(status.split()[1]), headers, body.decode()


@pytest.mark.parametrize(("head", "status", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_a_browser_gets_a_page_and_other_clients_json(engine: Engine, head: bytes, status: int, sentence: str) -> None:
    code, headers, page = parts(engine.raw(head + HTML + b"\r\n"))
    assert (code, headers["content-type"]) == (status, "text/html; charset=utf-8")
    assert sentence.replace("'", "&#x27;") in page
    # The page of the server, below its base path.
    assert '<a href="/lab/"' in page
    assert headers["content-security-policy"].startswith("default-src 'none'")
    assert headers["x-content-type-options"] == "nosniff"
    for accept in (b"", b"Accept: */*\r\n"):
        code, headers, body = parts(engine.raw(head + accept + b"\r\n"))
        assert (code, headers["content-type"]) == (status, "application/json")
        assert sentence in json.loads(body)["detail"]


def test_a_head_that_is_too_large_is_a_page_for_a_browser(engine: Engine) -> None:
    large = b"X: " + b"a" * 300_000 + b"\r\n\r\n"
    start = b"GET / HTTP/1.1\r\nHost: h\r\n"
    sentence = "The address and the headers of the request are larger than 256 KiB."
    # The header may be behind the part that was read.
    for head in (start + HTML + large, start + large):
        code, headers, page = parts(engine.raw(head))
        assert (code, headers["content-type"]) == (431, "text/html; charset=utf-8")
        assert sentence in page
    code, _, body = parts(engine.raw(start + b"Accept: application/json\r\n" + large))
    assert (code, json.loads(body)) == (431, {"detail": sentence})


@pytest.mark.parametrize(
    "head",
    [
        b"GET /?%b HTTP/1.1\r\nHost: h\r\nHost: h\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n%b\r\n",
        b"GET / HTTP/1.1\r\nHost: h\r\n%b: a\r\n",
        b"%b / HTTP/1.1\r\nHost: h\r\n",
        b"GET http://[%b HTTP/1.1\r\nHost: h\r\n",
        b"GET / HTTP/%b\r\nHost: h\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: %b\r\n",
        b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %b\r\n",
    ],
)
def test_no_byte_of_the_request_is_repeated(engine: Engine, head: bytes) -> None:
    for accept in (HTML, b""):
        answer = engine.raw(head % SCRIPT + accept + b"\r\n")
        assert parts(answer)[0] == 400
        assert b"script" not in answer


def test_the_response_to_head_has_no_body(engine: Engine) -> None:
    for head in (b"HEAD / HTTP/1.1\r\nHost: h\r\n", b"HEAD / HTTP/1.1\r\nHost: h\r\nHost: h\r\n"):
        assert parts(engine.raw(head + HTML + b"\r\n"))[2] == ""
