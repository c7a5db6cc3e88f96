"""A stream whose reader is slow returns every line once and in order, whatever its source has read in advance."""

from __future__ import annotations

from collections.abc import Generator

from forgather_units.host.this_machine import this_machine
from forgather_units.journal.follower import Subscription
from forgather_units.journal.reader import Journal, Line


class Snapshots(Journal):
    """A journal whose history ends at the moment in which it was opened, as that of the program journalctl."""

    def __init__(self) -> None:
        super().__init__(this_machine())
        self.lines: list[Line] = []

    def print(self, count: int) -> list[Line]:
        """Add lines; each is its number."""
        numbers = range(len(self.lines) + 1, len(self.lines) + count + 1)
        made = [Line(f"s=1;i={number:x};t={number:x}", number, "u.service", b"%d" % number) for number in numbers]
        self.lines += made
        return made

    def read(self, unit: str, *, after: str | None = None) -> Generator[Line, None, None]:
        cursors = [line.cursor for line in self.lines]
        return iter_of(self.lines[cursors.index(after) + 1 :] if after else list(self.lines))


def iter_of(lines: list[Line]) -> Generator[Line, None, None]:
    yield from lines


def test_lines_that_arrive_while_the_history_is_read_are_not_lost() -> None:
    journal = Snapshots()
    journal.print(3)
    stream = Subscription(journal, "u.service", None)
    assert texts(stream, 1) == [b"1"]
    # Many more than a stream keeps, before the rest of the history is read.
    for line in journal.print(10_000):
        stream.offer(line)
    assert [int(text) for text in texts(stream, 20_000)] == list(range(2, 10_004))
    for line in journal.print(2):
        stream.offer(line)
    assert texts(stream, 20_000) == [b"10004", b"10005"]


def texts(stream: Subscription, most: int) -> list[bytes]:
    """At most so many of the lines that the stream has now."""
    found: list[bytes] = []
    while len(found) < most and (line := stream.get()) is not None:
        found.append(line.data)
    return found
