"""The number of simultaneous small requests to a viewer is limited; a slow one delays no other."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from proxy.front import Front
from viewer_zoo import ID, OK, Held, MakeViewer, Together
from waiting import wait_until

from forgather_units.http import limiter
from forgather_units.http.limiter import COUNTED_SECONDS, MAX_ACTIVE, LimitedRequest, Limiter

MANY = 3 * MAX_ACTIVE


class Request(LimitedRequest):
    def __init__(self, viewer: str, number: int, started: list[int], succeeds: bool) -> None:
        super().__init__(viewer)
        self._number, self._started, self._succeeds = number, started, succeeds

    def start(self) -> bool:
        self._started.append(self._number)
        return self._succeeds


class Clock:
    """A limiter with a clock that the test moves; `move` calls the due timers."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.limiter = Limiter(lambda when, call: self.due.append((when, call)), lambda: self.now)
        self.started: list[int] = []

    def ask(self, number: int, viewer: str = "a", *, succeeds: bool = True) -> LimitedRequest:
        request = Request(viewer, number, self.started, succeeds)
        self.limiter.submit(request)
        return request

    def move(self, seconds: float) -> None:
        self.now += seconds
        due = [call for when, call in self.due if when <= self.now]
        self.due = [(when, call) for when, call in self.due if when > self.now]
        for call in due:
            call()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_requests_start_in_order_as_others_end(clock: Clock) -> None:
    requests = [clock.ask(number) for number in range(MANY)]
    assert clock.started == list(range(MAX_ACTIVE))
    for number, request in enumerate(requests):
        clock.limiter.release(request)
        assert clock.started == list(range(min(MANY, MAX_ACTIVE + number + 1)))
    assert len(clock.limiter) == 0


def test_slow_requests_do_not_count(clock: Clock) -> None:
    requests = [clock.ask(number) for number in range(MANY)]
    clock.move(COUNTED_SECONDS / 2)
    assert clock.started == list(range(MAX_ACTIVE))
    clock.move(COUNTED_SECONDS / 2)
    assert clock.started == list(range(2 * MAX_ACTIVE))
    clock.move(COUNTED_SECONDS)
    assert clock.started == list(range(MANY))
    # No request waits, so no timer is set.
    assert clock.due == []
    for request in (*requests, *requests):
        clock.limiter.release(request)
    assert len(clock.limiter) == 0


def test_each_viewer_has_its_own_limit(clock: Clock) -> None:
    for number in range(MANY):
        clock.ask(number, "slow")
    clock.ask(100, "other")
    assert clock.started == [*range(MAX_ACTIVE), 100]


def test_a_cancelled_request_is_never_started(clock: Clock) -> None:
    requests = [clock.ask(number) for number in range(MAX_ACTIVE + 2)]
    clock.limiter.release(requests[MAX_ACTIVE])
    clock.limiter.release(requests[0])
    assert clock.started == [*range(MAX_ACTIVE), MAX_ACTIVE + 1]


def test_a_request_that_fails_to_start_takes_no_place(clock: Clock) -> None:
    last = [clock.ask(number) for number in range(MAX_ACTIVE)]
    # More than Python's recursion limit.
    for number in range(2000):
        clock.ask(number, succeeds=False)
    clock.limiter.release(last[0])
    assert clock.started == [*range(MAX_ACTIVE), *range(2000)]
    for request in last:
        clock.limiter.release(request)
    assert len(clock.limiter) == 0


def test_a_viewer_gets_a_limited_number_of_requests_at_once(
    front: Front, viewer: MakeViewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limiter, "COUNTED_SECONDS", 30.0)
    held = Held()
    made = viewer(held)
    viewer(OK, "other")
    with ExitStack() as stack:
        clients = [stack.enter_context(front.connect()) for _ in range(MANY)]
        for client in clients:
            client.sendall(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        # This request arrives after them, and gets its response.
        assert front.get("/api/tb/other/").endswith(b"ok")
        wait_until(lambda: len(made.seen) == MAX_ACTIVE, what="the first requests have arrived")
        assert made.connections == MAX_ACTIVE
        held.may_respond.set()
        assert all(client.recv(65536).startswith(b"HTTP/1.1 200 OK") for client in clients)
    assert len(made.seen) == MANY


def test_slow_requests_reach_the_viewer_all_at_once(front: Front, viewer: MakeViewer) -> None:
    viewer(Together(MANY))
    answers: list[bytes] = []
    clients = [threading.Thread(target=lambda: answers.append(front.get())) for _ in range(MANY)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(120)
    assert all(answer.endswith(b"ok") for answer in answers)
    assert len(answers) == MANY
