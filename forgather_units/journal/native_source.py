"""Reads the journal in this process, by systemd-python's binding of sd_journal(3)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from typing import Any

from systemd import journal

from forgather_units.journal.native_follower import NativeFollower
from forgather_units.journal.native_reader import NativeEntry, open_reader, seek_after, seek_before
from forgather_units.journal.source import Entries, Matches


class NativeSource:
    """Implements Source."""

    def after(self, matches: Matches, cursor: str | None) -> Entries:
        """Implements Source."""
        with closing(_matching(matches)) as reader:
            yield from _entries(reader, seek_after(reader, cursor), reader._next)

    def before(self, matches: Matches, cursor: str | None) -> Entries:
        """Implements Source."""
        with closing(_matching(matches)) as reader:
            yield from _entries(reader, seek_before(reader, cursor), reader._previous)

    def before_time(self, matches: Matches, moment: float) -> Entries:
        """Implements Source."""
        with closing(_matching(matches)) as reader:
            # An entry of exactly this microsecond would be the previous one.
            reader.seek_realtime(round(moment * 1e6) - 1)
            yield from _entries(reader, False, reader._previous)

    def follow(self, matches: Matches, since: float) -> NativeFollower:
        """Implements Source."""
        return NativeFollower(lambda: _matching(matches), since)

    def write(self, identifier: str, text: str) -> None:
        """Implements Source."""
        with journal.stream(identifier, priority=5) as stream:
            stream.write(f"{text}\n")


def _entries(reader: Any, has_entry: bool, step: Callable[[], Any]) -> Entries:
    entry = NativeEntry(reader)
    while has_entry or step():
        has_entry = False
        yield entry


def _matching(matches: Matches) -> Any:
    reader = open_reader()
    for number, group in enumerate(matches):
        if number:
            reader.add_disjunction()
        for match in group:
            reader.add_match(match)
    return reader
