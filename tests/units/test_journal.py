"""The real journal as a terminal: every line once and in order, whatever printed it and whoever reads it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest
from waiting import wait_until

from forgather_units.units.follower import Follower, Subscription
from forgather_units.units.journal import Journal, Kind, Line

Run = Callable[[str], str]
# Below journald's own limit, which is shared by all units of a user: 10000 lines in 30 seconds.
MANY = 3000


@pytest.fixture
def follower(journal: Journal) -> Iterator[Follower]:
    following = Follower(journal)
    yield following
    following.close()


def numbers(lines: list[Line]) -> list[int]:
    return [int(line.data) for line in lines]


def take(stream: Subscription, count: int) -> list[Line]:
    """The next `count` lines; fewer where none came for ten seconds."""
    lines: list[Line] = []
    while len(lines) < count and (line := stream.get(10)) is not None:
        lines.append(line)
    return lines


def whole(journal: Journal, unit: str, count: int) -> list[Line]:
    """All lines once `count` are there."""
    wait_until(lambda: len(list(journal.read(unit))) >= count, 20)
    return list(journal.read(unit))


def test_what_was_printed_comes_back_as_it_was(run_unit: Run, journal: Journal) -> None:
    unit = run_unit(
        r"printf '\033[31mred\033[0m\n'; printf 'caf\351\n'; "
        r"head -c 200000 /dev/zero | tr '\0' x; echo; echo last; sleep 30"
    )
    wait_until(lambda: b"last" in b"".join(journal.dump(unit)), 20)
    text = b"".join(journal.dump(unit))
    assert text.startswith(b"\x1b[31mred\x1b[0m\ncaf\xe9\n")
    assert text.count(b"x") == 200_000
    assert text.split(b"\n")[2] == b"x" * 200_000


def test_behind_a_cursor_it_goes_on_exactly(run_unit: Run, journal: Journal) -> None:
    unit = run_unit("seq 1 50; sleep 30")
    lines = whole(journal, unit, 50)
    for place in (0, 1, 25, 49):
        rest = list(journal.read(unit, after=lines[place].cursor))
        assert numbers(rest) == list(range(place + 2, 51))


def test_from_history_to_live_under_a_fast_printer(run_unit: Run, journal: Journal, follower: Follower) -> None:
    unit = run_unit(f"for n in $(seq 1 {MANY}); do echo $n; done; sleep 60")
    for start in (1, 700, 1500):
        wait_until(lambda: len(list(journal.read(unit))) >= start, 20)  # noqa: B023 - called at once
        with follower.subscribe(unit) as stream:
            assert numbers(take(stream, MANY)) == list(range(1, MANY + 1))


def test_a_reader_that_sleeps_holds_nobody_up_and_misses_nothing(
    run_unit: Run, journal: Journal, follower: Follower
) -> None:
    unit = run_unit(f"for n in $(seq 1 {MANY}); do echo $n; done; sleep 60")
    with follower.subscribe(unit) as lazy, follower.subscribe(unit) as quick:
        assert numbers(take(lazy, 1)) == [1]
        assert numbers(take(quick, MANY)) == list(range(1, MANY + 1))
        assert numbers(take(lazy, MANY - 1)) == list(range(2, MANY + 1))


def test_children_that_die_at_once_are_heard_of(run_unit: Run, journal: Journal) -> None:
    unit = run_unit("for n in $(seq 1 150); do /bin/echo $n; done; sleep 60")
    assert numbers(whole(journal, unit, 150)) == list(range(1, 151))


def test_a_finished_one_ends_the_stream_behind_its_last_line(
    run_unit: Run, journal: Journal, follower: Follower
) -> None:
    unit = run_unit("seq 1 20")
    with follower.subscribe(unit) as stream:
        threading.Timer(0.2, stream.finish).start()
        lines = []
        while not stream.over:
            if (line := stream.get(1)) is not None:
                lines.append(line)
        assert numbers(lines) == list(range(1, 21))


def test_the_last_lines_of_one_that_printed_and_of_one_that_did_not(run_unit: Run, journal: Journal) -> None:
    printed = run_unit("seq 1 9; exit 3")
    assert wait_until(lambda: journal.last_lines(printed, 3)[-1:] == ["9"] and journal.last_lines(printed, 3)) == [
        "7",
        "8",
        "9",
    ]
    silent = run_unit("exit 3")
    assert wait_until(lambda: [line for line in journal.last_lines(silent, 5) if "exit-code" in line])


def test_another_units_lines_are_its_own(run_unit: Run, journal: Journal, follower: Follower) -> None:
    one, other = run_unit("sleep 1; seq 1 5; sleep 30"), run_unit("sleep 1; seq 101 105; sleep 30")
    with follower.subscribe(one) as first, follower.subscribe(other) as second:
        assert numbers(take(first, 5)) == [1, 2, 3, 4, 5]
        assert numbers(take(second, 5)) == [101, 102, 103, 104, 105]


def test_what_journald_dropped_is_said(run_unit: Run, journal: Journal, follower: Follower) -> None:
    """Last in this file: for half a minute journald takes no line of this user's units."""
    unit = run_unit("seq 1 200000; while sleep 1; do echo alive; done")
    with follower.subscribe(unit) as stream:

        def dropped() -> int:
            while (line := stream.get(2)) is not None:
                if line.kind is Kind.DROPPED:
                    return line.count
            return 0

        lost = wait_until(dropped, 90)
    kept = sum(line.data.isdigit() for line in journal.read(unit) if line.kind is not Kind.DROPPED)
    assert lost > 0 and kept < 200_000
