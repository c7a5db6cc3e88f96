"""The protocol of a journal source, which reads entries by their matches; and the choice of the implementation."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol

from forgather_units.host.libraries import has_native

Matches = tuple[tuple[str, ...], ...]
"""Alternatives, each a list of `FIELD=value`, with the semantics of sd_journal_add_match(3): those of one field are
alternatives, those of several fields must all match."""


class Entry(Protocol):
    """An entry. Valid until the source returns the next one."""

    @property
    def cursor(self) -> str:
        """Its identifier in the journal."""

    @property
    def time(self) -> float:
        """Seconds since the epoch, when journald received it."""

    def field(self, name: str) -> bytes:
        """The value of a field; empty if the entry has no such field."""


Entries = Generator[Entry, None, None]
"""Raises OSError. To close it early releases its reader."""


class LiveEntries(Protocol):
    """New entries, each at least once. For one thread."""

    def next(self) -> Entry | None:
        """The next entry; None if there is none yet. Does not block. Raises OSError."""

    def remember(self, cursor: str) -> None:
        """Entries up to `cursor` were used: entries after it are enough if files are read again."""

    def close(self) -> None:
        """Stop reading."""


class Source(Protocol):
    """Reads the journal. Thread-safe: each call has its own reader."""

    def after(self, matches: Matches, cursor: str | None) -> Entries:
        """The entries after `cursor`, oldest first; all if it is None or invalid."""

    def before(self, matches: Matches, cursor: str | None) -> Entries:
        """The entries before `cursor`, newest first; all if it is None or invalid."""

    def before_time(self, matches: Matches, moment: float) -> Entries:
        """The entries before `moment` (seconds since the epoch), newest first."""

    def follow(self, matches: Matches, since: float) -> LiveEntries:
        """The entries from `since` (seconds since the epoch) on, without end."""

    def write(self, identifier: str, text: str) -> None:
        """Write a line with priority `notice` as output of `identifier`. Raises OSError."""


def open_source() -> Source:
    """sd_journal(3) if systemd-python is installed, else the program journalctl."""
    if has_native("systemd"):
        from forgather_units.journal.native_source import NativeSource

        return NativeSource()
    from forgather_units.journal.journalctl_source import JournalctlSource

    return JournalctlSource()
