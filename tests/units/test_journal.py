"""The real journal as a terminal: every reader gets every line once and in order."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from waiting import PATIENCE, wait_until

from forgather_units.host.this_machine import this_machine
from forgather_units.journal.follower import Follower, Subscription
from forgather_units.journal.journalctl_source import JournalctlSource
from forgather_units.journal.native_source import NativeSource
from forgather_units.journal.reader import Journal, Line, LineKind

Run = Callable[[str], str]
MACHINE = this_machine()
SCOPE = MACHINE.scope
# Seconds. journald reports drops after its interval of 30 s; now and then it limits a stream not at all.
FLOOD_PAUSE = 35
# Below journald's own limit, which is shared by all units of a user: 10000 lines in 30 seconds.
MANY = 3000


@pytest.fixture(params=[NativeSource, JournalctlSource], ids=["sd_journal", "journalctl"])
def journal(request: pytest.FixtureRequest) -> Journal:
    return Journal(this_machine(), request.param())


@pytest.fixture
def follower(journal: Journal) -> Iterator[Follower]:
    following = Follower(journal)
    yield following
    following.close()


def numbers(lines: list[Line]) -> list[int]:
    return [int(line.data) for line in lines]


def next_line(stream: Subscription, seconds: float) -> Line | None:
    """The next line; None if none arrives within `seconds`, or the stream has ended."""
    deadline = time.monotonic() + seconds
    while (line := stream.get()) is None and not stream.over and time.monotonic() < deadline:
        time.sleep(0.01)
    return line


def take(stream: Subscription, count: int) -> list[Line]:
    """The next `count` lines; fewer if none arrives for a long time."""
    lines: list[Line] = []
    while len(lines) < count and (line := next_line(stream, PATIENCE)) is not None:
        lines.append(line)
    return lines


def all_lines(journal: Journal, unit: str, count: int) -> list[Line]:
    """All lines, once there are `count`."""
    wait_until(lambda: len(list(journal.read(unit))) >= count)
    return list(journal.read(unit))


def test_output_is_preserved_byte_for_byte(run_unit: Run, journal: Journal) -> None:
    unit = run_unit(
        r"printf '\033[31mred\033[0m\n'; printf 'caf\351\n'; "
        r"head -c 200000 /dev/zero | tr '\0' x; echo; echo last; sleep 30"
    )
    wait_until(lambda: b"last" in b"".join(journal.dump(unit)))
    text = b"".join(journal.dump(unit))
    assert text.startswith(b"\x1b[31mred\x1b[0m\ncaf\xe9\n")
    assert text.count(b"x") == 200_000
    assert text.split(b"\n")[2] == b"x" * 200_000


def test_reading_resumes_exactly_after_a_cursor(run_unit: Run, journal: Journal) -> None:
    unit = run_unit("seq 1 50; sleep 30")
    lines = all_lines(journal, unit, 50)
    for place in (0, 1, 25, 49):
        rest = list(journal.read(unit, after=lines[place].cursor))
        assert numbers(rest) == list(range(place + 2, 51))


def test_no_line_is_lost_between_history_and_live_output(run_unit: Run, journal: Journal, follower: Follower) -> None:
    unit = run_unit(f"for n in $(seq 1 {MANY}); do echo $n; done; sleep 60")
    for start in (1, 700, 1500):
        wait_until(lambda: len(list(journal.read(unit))) >= start)  # noqa: B023 - called at once
        with follower.subscribe(unit) as stream:
            assert numbers(take(stream, MANY)) == list(range(1, MANY + 1))


def test_a_slow_reader_delays_no_other_and_misses_no_line(run_unit: Run, journal: Journal, follower: Follower) -> None:
    unit = run_unit(f"for n in $(seq 1 {MANY}); do echo $n; done; sleep 60")
    with follower.subscribe(unit) as slow, follower.subscribe(unit) as quick:
        assert numbers(take(slow, 1)) == [1]
        assert numbers(take(quick, MANY)) == list(range(1, MANY + 1))
        assert numbers(take(slow, MANY - 1)) == list(range(2, MANY + 1))


def test_lines_of_short_lived_children_are_read(run_unit: Run, journal: Journal) -> None:
    unit = run_unit("for n in $(seq 1 150); do /bin/echo $n; done; sleep 60")
    assert numbers(all_lines(journal, unit, 150)) == list(range(1, 151))


def test_finish_ends_the_stream_after_the_last_line(run_unit: Run, journal: Journal, follower: Follower) -> None:
    unit = run_unit("seq 1 20")
    with follower.subscribe(unit) as stream:
        # The follower may not have them yet.
        all_lines(journal, unit, 20)
        stream.finish()
        lines = []
        while not stream.over:
            if (line := next_line(stream, 1)) is not None:
                lines.append(line)
        assert numbers(lines) == list(range(1, 21))


def test_the_last_lines_are_the_unit_s_own_output_only(run_unit: Run, journal: Journal) -> None:
    printed = run_unit("seq 1 9; exit 3")
    assert wait_until(lambda: journal.last_lines(printed, 3)[-1:] == ["9"] and journal.last_lines(printed, 3)) == [
        "7",
        "8",
        "9",
    ]
    # systemd logs a message of its own about this unit ("Main process exited").
    silent = run_unit("exit 3")
    about = ["journalctl", f"{this_machine().scope.journal_fields.about_unit}={silent}"]
    wait_until(lambda: "exit-code" in subprocess.run(about, capture_output=True, text=True, check=False).stdout)
    assert journal.last_lines(silent, 5) == []


def test_subscriptions_get_only_their_unit_s_lines(run_unit: Run, journal: Journal, follower: Follower) -> None:
    one, other = run_unit("sleep 1; seq 1 5; sleep 30"), run_unit("sleep 1; seq 101 105; sleep 30")
    with follower.subscribe(one) as first, follower.subscribe(other) as second:
        assert numbers(take(first, 5)) == [1, 2, 3, 4, 5]
        assert numbers(take(second, 5)) == [101, 102, 103, 104, 105]


def test_pages_and_cursors_agree(run_unit: Run, journal: Journal) -> None:
    """Both sources, on the same lines: pages in both directions, invalid cursors, times."""
    unit = run_unit("printf 'caf\\351\\n'; seq 2 50; sleep 30")
    lines = all_lines(journal, unit, 50)
    for other in (Journal(MACHINE, NativeSource()), Journal(MACHINE, JournalctlSource())):
        assert list(other.read(unit)) == lines
        assert list(other.page(unit, 10).lines) == lines[40:]
        assert list(other.page(unit, 10, before=lines[20].cursor).lines) == lines[10:20]
        assert list(other.page(unit, 10, after=lines[20].cursor).lines) == lines[21:31]
        assert other.page(unit, 100).is_first and other.page(unit, 100, after=lines[0].cursor).is_last
        assert list(other.read(unit, after="not a cursor")) == lines
        assert list(other.page(unit, 3, before="s=0;--vacuum-size=1").lines) == lines[47:]
        earlier = [line for line in lines if line.time < lines[30].time]
        assert other.last_before(unit, lines[30].time) == (earlier[-1].cursor if earlier else None)
        assert other.last_lines(unit, 2) == ["49", "50"]


def test_a_remark_is_a_line_of_the_unit(run_unit: Run, journal: Journal) -> None:
    unit = run_unit("echo one; sleep 30")
    all_lines(journal, unit, 1)
    journal.write_remark(unit, "the folder is back")
    assert [line.data for line in all_lines(journal, unit, 2)] == [b"one", b"forgather: the folder is back"]


def test_a_journalctl_that_dies_is_started_again(run_unit: Run) -> None:
    journal = Journal(MACHINE, JournalctlSource())
    following = Follower(journal)
    unit = run_unit("sleep 60")
    try:
        with following.subscribe(unit) as stream:
            child = wait_until(lambda: children("journalctl"))
            os.kill(child[0], signal.SIGKILL)
            wait_until(lambda: (again := children("journalctl")) and again != child)
            journal.write_remark(unit, "after the kill")
            assert wait_until(lambda: (line := next_line(stream, 10)) and line.data) == b"forgather: after the kill"
        # The last reader has left.
        wait_until(lambda: not children("journalctl"))
    finally:
        following.close()


def children(name: str) -> list[int]:
    """Process ids of this process's children with this program name."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            with contextlib.suppress(OSError):
                if Path(f"/proc/{pid}/comm").read_text().strip() == name:
                    found.append(int(pid))
    return found


def test_lines_dropped_by_journald_are_reported(run_unit: Run) -> None:
    """The last test of this file: afterwards journald drops all lines of this user's units for half a minute."""
    script = "seq 1 200000; while sleep 1; do echo alive; done"
    unit = run_unit(script)
    floods = [unit]
    for source in (NativeSource(), JournalctlSource()):
        journal = Journal(MACHINE, source)
        following = Follower(journal)
        with closing(following), following.subscribe(unit) as stream:
            next_flood = time.monotonic() + FLOOD_PAUSE

            def dropped() -> int:
                nonlocal next_flood
                line = stream.get()
                while line is not None and line.kind is not LineKind.DROPPED:
                    line = stream.get()
                if line is None and time.monotonic() > next_flood:
                    floods.append(run_unit(script))
                    next_flood += FLOOD_PAUSE
                return line.count if line is not None else 0

            assert wait_until(dropped) > 0
        assert sum(line.data.isdigit() for flood in floods for line in journal.read(flood)) < 200_000 * len(floods)
