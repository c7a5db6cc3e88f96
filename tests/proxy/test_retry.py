"""Requests while a viewer is put to sleep or restarted on request do not fail."""

from __future__ import annotations

import asyncio
import select
import socket
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import pytest
from proxy.front import Front
from viewer_zoo import ID, SILENT, Held, MakeViewer, Viewer, answer
from waiting import wait_until

from forgather_units.http.relay import TRANSFERS
from forgather_units.proxy.connection import Timeouts, TookTooLong
from forgather_units.proxy.destination import Destination, Ended, NotReady, Open, OpenUnix, Returning, Unknown, Waiting
from forgather_units.proxy.request_uri import below
from forgather_units.proxy.retry import Retry, RetryPolicy
from forgather_units.proxy.upstream import Broken, Exchange

DATA = f"/api/tb/{ID}/data/runs"
BACK = Returning("tiny", ID)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n"


class Dying:
    """A viewer that sends `part` of a response, and closes the connection, once `dies` is set."""

    def __init__(self, front: Front, viewer: MakeViewer, part: bytes = SILENT) -> None:
        held = Held(part)
        self.requested, self.dies = held.requested, held.may_respond
        self.viewer: Viewer = viewer(held)
        front.targets[ID] = Open("127.0.0.1", self.viewer.port, run="first")


@pytest.fixture
def back(front: Front, viewer: MakeViewer) -> Open:
    """The destination of the viewer once it is back."""
    made = viewer(answer(b"back"), "q_1700000000000_89abcdef")
    return Open("127.0.0.1", made.port, run="second")


def _ask(front: Front, *how: object) -> Callable[[], tuple[int, bytes]]:
    """Send a request in a thread of its own; a function that waits for the response."""
    pool = ThreadPoolExecutor(1)

    def ask() -> tuple[int, bytes]:
        response, content = front.ask(DATA, *how)  # type: ignore[arg-type]
        assert response.status != 503 or response.getheader("Retry-After")
        return response.status, content

    answer = pool.submit(ask)
    return lambda: answer.result(120)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_broken_request_is_sent_again(front: Front, viewer: MakeViewer, back: Open, method: str) -> None:
    dying = Dying(front, viewer)
    answer = _ask(front, method)
    assert dying.requested.wait(120)
    front.targets[ID] = BACK
    dying.dies.set()
    wait_until(lambda: front.waiting == 1, what="the request waits for the viewer")
    front.change_target(NotReady("tiny", ID, time.time()))
    front.change_target(Waiting("tiny", ID, None))
    front.change_target(back)
    assert answer() == (200, b"" if method == "HEAD" else b"back")


def test_a_broken_request_in_the_relay_is_sent_again(front: Front, viewer: MakeViewer, back: Open) -> None:
    dying = Dying(front, viewer)
    answer = _ask(front)
    wait_until(lambda: TRANSFERS.slots.in_use == 1, what="the relay has the request")
    front.targets[ID] = BACK
    dying.dies.set()
    wait_until(lambda: front.waiting == 1, what="the request waits for the viewer")
    front.change_target(back)
    assert answer() == (200, b"back")


def test_a_request_is_sent_again_if_the_viewer_is_back_already(front: Front, viewer: MakeViewer, back: Open) -> None:
    """Another request woke the viewer meanwhile: the broken exchange belongs to the run before."""
    dying = Dying(front, viewer)
    answer = _ask(front)
    assert dying.requested.wait(120)
    front.targets[ID] = back
    dying.dies.set()
    assert answer() == (200, b"back")


def test_a_request_waits_for_a_new_socket_unit(front: Front, viewer: MakeViewer) -> None:
    """A job is placed as soon as systemd has accepted its units."""
    viewer(answer(b"back"), unix=True)
    where = front.targets[ID]
    assert isinstance(where, OpenUnix)
    hidden = Path(where.path).rename(f"{where.path}-hidden")
    front.targets[ID] = replace(where, is_new=True)
    response = _ask(front)
    wait_until(lambda: front.waiting == 0 and TRANSFERS.slots.in_use == 1, what="the request waits")
    hidden.rename(where.path)
    assert response() == (200, b"back")


def test_a_viewer_may_respond_and_close_at_once(
    front: Front, viewer: MakeViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its response is used, and the request is not sent again."""

    def made_late(sock: socket.socket, *how: Any) -> Exchange:
        exchange = Exchange(sock, *how)
        closed = select.poll()
        closed.register(sock, select.POLLRDHUP)
        assert closed.poll(120_000)
        return exchange

    monkeypatch.setattr("forgather_units.proxy.retry.Exchange", made_late)
    made = viewer(answer(b"back"), unix=True)
    where = front.targets[ID]
    front.targets[ID] = BACK
    response = _ask(front)
    wait_until(lambda: front.waiting == 1, what="the request waits")
    front.change_target(where)
    assert response() == (200, b"back")
    assert len(made.seen) == 1


def test_requests_during_the_restart_wait(front: Front, back: Open) -> None:
    front.targets[ID] = BACK
    answers = [_ask(front) for _ in range(5)]
    wait_until(lambda: front.waiting == 5, what="all requests wait")
    front.change_target(back)
    assert [answer() for answer in answers] == [(200, b"back")] * 5
    wait_until(lambda: TRANSFERS.slots.in_use == 0, what="all slots are free")


@pytest.mark.parametrize(("method", "body"), [("POST", b"x"), ("POST", None), ("GET", b"x"), ("DELETE", None)])
def test_requests_that_may_have_had_an_effect_are_not_sent_again(
    front: Front, viewer: MakeViewer, back: Open, method: str, body: bytes | None
) -> None:
    dying = Dying(front, viewer)
    answer = _ask(front, method, body)
    assert dying.requested.wait(120)
    front.targets[ID] = BACK
    dying.dies.set()
    status, content = answer()
    assert (status, b"put to sleep or restarted" in content) == (503, True)
    # Nor does such a request wait: the client decides whether to send it again.
    assert _ask(front, method, body)()[0] == 503
    assert front.waiting == 0


def test_a_request_broken_by_a_crash_is_not_sent_again(front: Front, viewer: MakeViewer) -> None:
    dying = Dying(front, viewer)
    dying.dies.set()
    assert _ask(front)()[0] == 502
    assert len(dying.viewer.seen) == 1


PARTS = [b"H", b"HTTP/1.1 100 Go on\r\n\r\n", HEAD, HEAD + b"half"]
"""Beginnings of a response, none of which has been sent to the client."""


@pytest.mark.parametrize("part", PARTS)
def test_a_response_cut_in_the_middle_is_requested_again(
    front: Front, viewer: MakeViewer, back: Open, part: bytes
) -> None:
    """TensorBoard sends the head and the body separately, and a stop may come between them."""
    dying = Dying(front, viewer, part)
    answer = _ask(front)
    assert dying.requested.wait(120)
    front.targets[ID] = back
    dying.dies.set()
    assert answer() == (200, b"back")


@pytest.mark.parametrize("part", PARTS[:-1])
def test_a_response_cut_in_the_relay_is_requested_again(
    front: Front, viewer: MakeViewer, back: Open, part: bytes
) -> None:
    """The head of a body of known length is sent to the client together with the body's first bytes."""
    dying = Dying(front, viewer, part)
    answer = _ask(front)
    wait_until(lambda: TRANSFERS.slots.in_use == 1, what="the relay has the request")
    front.targets[ID] = back
    dying.dies.set()
    assert answer() == (200, b"back")


def test_a_response_of_which_the_client_has_a_part_is_not_requested_again(
    front: Front, viewer: MakeViewer, back: Open
) -> None:
    dying = Dying(front, viewer, PARTS[-1])
    answer = _ask(front)
    wait_until(lambda: TRANSFERS.slots.in_use == 1, what="the relay has the request")
    front.targets[ID] = back
    dying.dies.set()
    with pytest.raises(IncompleteRead) as cut:
        answer()
    assert cut.value.partial == b"half"


def test_a_request_that_takes_too_long_is_not_sent_again() -> None:
    target = below("/api/tb/", DATA)
    assert target is not None
    policy = RetryPolicy(lambda mount, name: BACK)
    retry = Retry(policy, target, "GET", Open("h", 1), lambda where: b"", Timeouts(first_byte=5))
    assert retry.applies(Broken("cut"))
    assert not retry.applies(TookTooLong("slow"))


def test_a_request_fails_if_the_viewer_ends(front: Front, viewer: MakeViewer) -> None:
    front.targets[ID] = BACK
    answer = _ask(front)
    wait_until(lambda: front.waiting == 1, what="the request waits")
    front.change_target(Ended(ID, "killed on request"))
    status, content = answer()
    assert (status, b"killed on request" in content) == (404, True)
    wait_until(lambda: TRANSFERS.slots.in_use == 0, what="its slot is free")


def test_the_number_of_retries_is_limited(front: Front, viewer: MakeViewer) -> None:
    """The viewer breaks each request, each time after another start."""
    runs = iter(range(100))
    made = viewer(b"", "q_1700000000000_89abcdef")
    targets = front.targets

    class Changing(dict[str, Destination]):
        def get(self, queue_id: str, otherwise: object = None) -> Destination:
            return Open("127.0.0.1", made.port, run=str(next(runs))) if queue_id == ID else Unknown()

    front.targets = Changing()
    try:
        assert front.ask(DATA)[0].status in (502, 503)
    finally:
        front.targets = targets
    assert len(made.seen) <= 7


def test_a_client_that_disconnects_releases_its_slot(front: Front) -> None:
    front.targets[ID] = BACK
    with front.connect() as client:
        client.sendall(f"GET {DATA} HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        wait_until(lambda: front.waiting == 1, what="the request waits")
    wait_until(lambda: front.waiting == 0 and TRANSFERS.slots.in_use == 0, what="no request waits")


def test_the_wait_for_a_viewer_is_limited() -> None:
    target = below("/api/tb/", DATA)
    assert target is not None
    retry_policy = RetryPolicy(lambda mount, name: BACK, within=0.05)

    async def back() -> object:
        return await retry_policy.wait_until_available(target, asyncio.get_running_loop().time() + retry_policy.within)

    assert asyncio.run(back()) is None


def test_a_browser_gets_a_page_that_reloads(front: Front) -> None:
    """The connection cannot be handed over, because the client has sent the next request already."""
    front.targets[ID] = BACK
    page = f"GET {DATA} HTTP/1.1\r\nHost: h\r\nAccept: text/html\r\n\r\n".encode()
    last = f"GET {DATA} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n".encode()
    with front.connect() as client:
        client.sendall(page + last)
        answer = b""
        while b"</html>" not in answer:
            answer += client.recv(65536)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"Retry-After: 1\r\n" in answer
    assert b'http-equiv="refresh"' in answer
