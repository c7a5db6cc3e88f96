"""What a request needed is gone with it: it does not lie about until the garbage collector, which holds up the others,
comes to look."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from viewer_zoo import ID, Front, MakeViewer
from waiting import wait_until

from forgather_units.proxy.request_target import RequestTarget
from forgather_units.proxy.upstream import Exchange
from forgather_units.proxy.waitress_guard.parsing import StrictParser
from forgather_units.proxy.waitress_guard.task import HandOverTask

KINDS = (HandOverTask, StrictParser, RequestTarget, Exchange)
REQUESTS = 20
# Long enough for the relay.
LARGE = 1 << 20
LONG = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % LARGE + bytes(LARGE)
SHORT = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def nothing_collected() -> Iterator[None]:
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def left() -> int:
    return sum(isinstance(thing, KINDS) for thing in gc.get_objects())


@pytest.mark.parametrize(
    ("method", "path", "response"),
    [
        pytest.param("GET", f"/api/tb/{ID}/", SHORT, id="in the loop"),
        pytest.param("HEAD", f"/api/tb/{ID}/", SHORT, id="in a worker thread"),
        pytest.param("GET", f"/api/tb/{ID}/", LONG, id="begun in the loop, ended in the relay"),
        pytest.param("GET", "/api/tb/q_1700000000000_0000abcd/", SHORT, id="refused"),
    ],
)
def test_what_was_answered_is_gone(front: Front, viewer: MakeViewer, method: str, path: str, response: bytes) -> None:
    viewer(response)
    with nothing_collected():
        before = left()
        for _ in range(REQUESTS):
            assert front.get(path, method=method).startswith(b"HTTP/1.1 ")
        # The last ones may still be on their way out.
        wait_until(lambda: left() - before < REQUESTS // 2, 10, "what the requests needed is gone")
