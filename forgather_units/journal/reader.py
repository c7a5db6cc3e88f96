"""Reads a job's output from the journal.

journald changes a program's output (so `journalctl` shows the same): it drops blank lines and trailing spaces, and
stores a line of more than 48 KiB in pieces; escapes and bytes that are not UTF-8 are kept. Each call opens its own
reader, so all are thread-safe.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from os import geteuid
from typing import Any, Final

from forgather_units.journal.entries import ends_line, field, last_messages, open_reader, seek_after, seek_before
from forgather_units.journal.live_reader import LiveReader
from forgather_units.systemd.names import UnitNames
from forgather_units.systemd.scope import Scope

DROPPED_MESSAGE_ID: Final = "a596d6fe7bfa4994828e72309e95d61e"
"""journald's message "Suppressed N messages from UNIT". (sd-messages(3), SD_MESSAGE_JOURNAL_DROPPED)"""

_CHUNK: Final = 64 * 1024
_PAGE_SIZE: Final = 1024 * 1024
# journald reports a drop with the first line after its interval of 30 s (seconds).
_DROP_DELAY: Final = 60.0


class LineKind(StrEnum):
    """The source of a line."""

    OUTPUT = "output"
    """The program."""
    DROPPED = "dropped"
    """journald, about lines that it dropped."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry. `data`: the bytes as printed; `ends` is False if the next entry continues the line."""

    cursor: str
    time: float
    """Seconds since the epoch, when journald received it."""
    unit: str
    data: bytes
    ends: bool = True
    kind: LineKind = LineKind.OUTPUT
    count: int = 0
    """Lost lines, for DROPPED; 0: unknown."""

    @property
    def printed(self) -> bytes:
        """The bytes with the newline that journald removed."""
        return self.data + b"\n" if self.ends else self.data


@dataclass(frozen=True, slots=True)
class Page:
    """Consecutive lines of a unit. `is_first`: none is older; `is_last`: none was newer. False: not known."""

    lines: tuple[Line, ...]
    is_first: bool = False
    is_last: bool = False


class Journal:
    """Reads the output of units of `scope`."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._fields = scope.journal_fields

    def read(self, unit: str, *, after: str | None = None) -> Iterator[Line]:
        """The output of `unit` so far, oldest first; after the cursor `after`, or all (None or invalid)."""
        with contextlib.closing(open_reader()) as reader:
            self._match_output(reader, unit)
            self._match_dropped(reader)
            yield from _with_relevant_drops(self._lines(reader, unit, after), began=after is not None)

    def _lines(self, reader: Any, unit: str, after: str | None) -> Iterator[Line]:
        found = seek_after(reader, after) or reader._next()
        while found:
            line = self._line(reader, unit)
            if line is not None:
                yield line
            found = reader._next()

    def page(self, unit: str, count: int, *, before: str | None = None, after: str | None = None) -> Page:
        """About `count` lines of output, oldest first, and at most about 1 MiB.

        The first ones after the cursor `after`, else the last ones before the cursor `before` (None: before the end).
        Includes the lines about drops between them. Raises OSError.
        """
        with contextlib.closing(open_reader()) as reader:
            self._match_output(reader, unit)
            self._match_dropped(reader)
            if after is not None:
                lines, complete = _bounded(self._lines(reader, unit, after), count)
                return Page(tuple(_with_relevant_drops(iter(lines), began=True)), is_last=complete)
            lines, complete = _bounded(self._lines_back(reader, unit, before), count)
            return Page(tuple(_with_relevant_drops(reversed(lines), began=False)), is_first=complete)

    def _lines_back(self, reader: Any, unit: str, before: str | None) -> Iterator[Line]:
        found = seek_before(reader, before) or reader._previous()
        while found:
            line = self._line(reader, unit)
            if line is not None:
                yield line
            found = reader._previous()

    def last_before(self, unit: str, moment: float) -> str | None:
        """The cursor of the last line of output before `moment` (seconds since the epoch); None if there is none."""
        with contextlib.closing(open_reader()) as reader:
            self._match_output(reader, unit)
            # An entry of exactly this microsecond would be the previous one.
            reader.seek_realtime(round(moment * 1e6) - 1)
            return reader._get_cursor() if reader._previous() else None

    def dump(self, unit: str, *, after: str | None = None) -> Iterator[bytes]:
        """The whole output in large pieces, byte for byte; or the output after the cursor `after`."""
        with contextlib.closing(open_reader()) as reader:
            self._match_output(reader, unit)
            pieces: list[bytes] = []
            size = 0
            found = seek_after(reader, after) or reader._next()
            while found:
                piece = field(reader, "MESSAGE") + (b"\n" if ends_line(reader) else b"")
                pieces.append(piece)
                size += len(piece)
                if size >= _CHUNK:
                    yield b"".join(pieces)
                    pieces, size = [], 0
                found = reader._next()
            yield b"".join(pieces)

    def last_lines(self, unit: str, count: int) -> list[str]:
        """The last `count` lines of output as text, without the manager's messages."""
        with contextlib.closing(open_reader()) as reader:
            self._match_output(reader, unit)
            return last_messages(reader, count)

    def follow(self, since: float) -> LiveLines:
        """Follow the output of all services from `since` (seconds since the epoch)."""

        def open_matching() -> Any:
            reader = open_reader()
            # Not by slice: lines without a known unit have none.
            reader.add_match("_TRANSPORT=stdout")
            self._match_own(reader)
            self._match_dropped(reader)
            return reader

        return LiveLines(self, LiveReader(open_matching, since))

    def _match_output(self, reader: Any, unit: str) -> None:
        # Messages of systemd's child before exec(2) are not the viewer's output (they have another transport).
        reader.add_match(f"{self._fields.unit}={unit}")
        reader.add_match("_TRANSPORT=stdout")
        self._match_own(reader)
        # If a child printed and died at once, journald knows only its stream.
        reader.add_disjunction()
        reader.add_match(f"SYSLOG_IDENTIFIER={UnitNames.identifier(unit)}")
        reader.add_match("_TRANSPORT=stdout")
        self._match_own(reader)

    def _match_own(self, reader: Any) -> None:
        """Exclude another user's unit of the same name."""
        if self._scope is Scope.USER:
            reader.add_match(f"_UID={geteuid()}")

    def _match_dropped(self, reader: Any) -> None:
        reader.add_disjunction()
        reader.add_match(f"MESSAGE_ID={DROPPED_MESSAGE_ID}")
        reader.add_match("_COMM=systemd-journal")

    def _line(self, reader: Any, unit: str | None) -> Line | None:
        """The reader's current entry; None for a drop that does not concern `unit` (None: any)."""
        cursor, time = reader._get_cursor(), reader._get_realtime() / 1e6
        if field(reader, "MESSAGE_ID") == DROPPED_MESSAGE_ID.encode():
            if not self._is_about_us(reader):
                return None
            count = int(field(reader, "N_DROPPED") or b"0")
            return Line(cursor, time, unit or "", b"", kind=LineKind.DROPPED, count=count)
        name = unit or self._unit_of(reader)
        return Line(cursor, time, name, field(reader, "MESSAGE"), ends_line(reader))

    def _unit_of(self, reader: Any) -> str:
        name = field(reader, self._fields.unit).decode(errors="replace")
        return name or f"{field(reader, 'SYSLOG_IDENTIFIER').decode(errors='replace')}.service"

    def _is_about_us(self, reader: Any) -> bool:
        """journald counts drops per user manager, not per unit."""
        if self._scope is Scope.SYSTEM:
            return True
        return f"user@{geteuid()}.service".encode() in field(reader, "MESSAGE")


class LiveLines:
    """Follows the output of services. For one thread."""

    def __init__(self, owner: Journal, reader: LiveReader) -> None:
        self._owner = owner
        self._reader = reader

    def new_lines(self, most: int) -> list[Line]:
        """At most `most` new lines since the last call, possibly with duplicates. Does not block.

        Raises OSError if the journal cannot be read.
        """
        lines: list[Line] = []
        while len(lines) < most and (entry := self._reader.next()) is not None:
            line = self._owner._line(entry, None)
            if line is None:
                continue
            if line.kind is not LineKind.DROPPED:
                # The cursor of an entry in another file (journald's own) is not an exact position in this user's file.
                self._reader.remember(line.cursor)
            lines.append(line)
        return lines

    def close(self) -> None:
        self._reader.close()


def _bounded(lines: Iterator[Line], count: int) -> tuple[list[Line], bool]:
    """The first of `lines`: `count` of output, or fewer if they are long. True: these are all."""
    found: list[Line] = []
    printed = size = 0
    for line in lines:
        if printed >= count or size >= _PAGE_SIZE:
            return found, False
        found.append(line)
        printed += line.kind is LineKind.OUTPUT
        size += len(line.data)
    return found, True


def _with_relevant_drops(lines: Iterator[Line], *, began: bool) -> Iterator[Line]:
    """Omit drops before the unit's first line, and those long after its last one."""
    drops: list[Line] = []
    last_output = 0.0
    for line in lines:
        if line.kind is not LineKind.DROPPED:
            yield from drops
            yield line
            drops, last_output = [], line.time
        elif last_output or began:
            drops.append(line)
    yield from (drop for drop in drops if drop.time - last_output < _DROP_DELAY)
