"""The objects of a request are freed with it. They do not need the garbage collector, whose runs would delay other
requests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from proxy.front import Front
from viewer_zoo import ID, OK, MakeViewer
from waiting import wait_until

from forgather_units.http.server.parser import StrictParser
from forgather_units.http.server.task import HandOverTask
from forgather_units.proxy.request_uri import RequestTarget
from forgather_units.proxy.upstream import Exchange

KINDS = (HandOverTask, StrictParser, RequestTarget, Exchange)
REQUESTS = 20
# Long enough for the relay.
LARGE = 1 << 20
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE + bytes(LARGE)


@contextmanager
def gc_disabled() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def remaining() -> int:
    return sum(isinstance(thing, KINDS) for thing in gc.get_objects())


@pytest.mark.parametrize(
    ("method", "path", "response"),
    [
        pytest.param("GET", f"/api/tb/{ID}/", OK, id="loop"),
        pytest.param("HEAD", f"/api/tb/{ID}/", OK, id="worker-thread"),
        pytest.param("GET", f"/api/tb/{ID}/", LONG, id="loop-then-relay"),
        pytest.param("GET", "/api/tb/q_1700000000000_0000abcd/", OK, id="refused"),
    ],
)
def test_finished_requests_are_freed(front: Front, viewer: MakeViewer, method: str, path: str, response: bytes) -> None:
    viewer(response)
    with gc_disabled():
        before = remaining()
        for _ in range(REQUESTS):
            assert front.get(path, method=method).startswith(b"HTTP/1.1 ")
        # The last responses may still be in the process of being sent.
        wait_until(lambda: remaining() - before < REQUESTS // 2, what="the requests' objects are freed")
