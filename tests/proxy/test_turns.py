"""Small requests take turns with a viewer; whoever is slow holds up nobody."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from viewer_zoo import ID, Front, MakeViewer, Seen
from waiting import wait_until

from forgather_units.proxy import turns
from forgather_units.proxy.turns import AT_ONCE, MOMENT, Turn, Turns

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
MANY = 3 * AT_ONCE


class Request(Turn):
    def __init__(self, viewer: str, number: int, went: list[int], goes: bool) -> None:
        super().__init__(viewer)
        self._number, self._went, self._goes = number, went, goes

    def go(self) -> bool:
        self._went.append(self._number)
        return self._goes


class Clock:
    """Stands still until it is moved; then what is due is called."""

    def __init__(self) -> None:
        self.now = 0.0
        self.due: list[tuple[float, Callable[[], None]]] = []
        self.turns = Turns(lambda when, call: self.due.append((when, call)), lambda: self.now)
        self.went: list[int] = []

    def ask(self, number: int, viewer: str = "a", *, goes: bool = True) -> Turn:
        turn = Request(viewer, number, self.went, goes)
        self.turns.wait_for(turn)
        return turn

    def move(self, seconds: float) -> None:
        self.now += seconds
        due = [call for when, call in self.due if when <= self.now]
        self.due = [(when, call) for when, call in self.due if when > self.now]
        for call in due:
            call()


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_in_their_order_as_others_end(clock: Clock) -> None:
    asked = [clock.ask(number) for number in range(MANY)]
    assert clock.went == list(range(AT_ONCE))
    for number, turn in enumerate(asked):
        clock.turns.end(turn)
        assert clock.went == list(range(min(MANY, AT_ONCE + number + 1)))
    assert len(clock.turns) == 0


def test_who_takes_long_does_not_count(clock: Clock) -> None:
    asked = [clock.ask(number) for number in range(MANY)]
    clock.move(MOMENT / 2)
    assert clock.went == list(range(AT_ONCE))
    clock.move(MOMENT / 2)
    assert clock.went == list(range(2 * AT_ONCE))
    clock.move(MOMENT)
    assert clock.went == list(range(MANY))
    # Nobody waits, so there is nothing to see to.
    assert clock.due == []
    for turn in (*asked, *asked):
        clock.turns.end(turn)
    assert len(clock.turns) == 0


def test_each_viewer_has_its_own(clock: Clock) -> None:
    for number in range(MANY):
        clock.ask(number, "slow")
    clock.ask(100, "other")
    assert clock.went == [*range(AT_ONCE), 100]


def test_who_leaves_before_its_turn_has_none(clock: Clock) -> None:
    asked = [clock.ask(number) for number in range(AT_ONCE + 2)]
    clock.turns.end(asked[AT_ONCE])
    clock.turns.end(asked[0])
    assert clock.went == [*range(AT_ONCE), AT_ONCE + 1]


def test_what_cannot_go_takes_no_place(clock: Clock) -> None:
    last = [clock.ask(number) for number in range(AT_ONCE)]
    # More than calls may be nested.
    for number in range(2000):
        clock.ask(number, goes=False)
    clock.turns.end(last[0])
    assert clock.went == [*range(AT_ONCE), *range(2000)]
    for turn in last:
        clock.turns.end(turn)
    assert len(clock.turns) == 0


def test_a_viewer_is_asked_so_many_at_once(front: Front, viewer: MakeViewer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "MOMENT", 30.0)
    may_answer = threading.Event()

    def respond(connection: socket.socket, request: Seen) -> None:
        may_answer.wait(10)
        connection.sendall(OK)

    made = viewer(respond)
    viewer(OK, "other")
    with ExitStack() as stack:
        clients = [stack.enter_context(front.connect()) for _ in range(MANY)]
        for client in clients:
            client.sendall(f"GET /api/tb/{ID}/ HTTP/1.1\r\nHost: h\r\n\r\n".encode())
        # It came after them, and is answered.
        assert front.get("/api/tb/other/").endswith(b"ok")
        wait_until(lambda: len(made.seen) == AT_ONCE, 10, "the first ones have come")
        assert made.connections == AT_ONCE
        may_answer.set()
        assert all(client.recv(65536).startswith(b"HTTP/1.1 200 OK") for client in clients)
    assert len(made.seen) == MANY


def test_the_slow_ones_are_all_asked(front: Front, viewer: MakeViewer) -> None:
    everybody = threading.Barrier(MANY)

    def respond(connection: socket.socket, request: Seen) -> None:
        # Nobody is answered before all have asked.
        everybody.wait(20)
        connection.sendall(OK)

    viewer(respond)
    answers: list[bytes] = []
    clients = [threading.Thread(target=lambda: answers.append(front.get())) for _ in range(MANY)]
    for client in clients:
        client.start()
    for client in clients:
        client.join(20)
    assert all(answer.endswith(b"ok") for answer in answers)
    assert len(answers) == MANY
