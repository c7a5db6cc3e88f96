"""Reads a job's output from the journal.

journald changes a program's output (so `journalctl` shows the same): it drops blank lines and trailing spaces, and
stores a line of more than 48 KiB in pieces; escapes and bytes that are not UTF-8 are kept. All calls are thread-safe.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from typing import Final

from forgather_units.domain.machine import Machine
from forgather_units.domain.scope import Scope
from forgather_units.journal.source import Entries, Entry, LiveEntries, Matches, Source, open_source
from forgather_units.systemd.names import UnitNames

DROPPED_MESSAGE_ID: Final = "a596d6fe7bfa4994828e72309e95d61e"
"""journald's message "Suppressed N messages from UNIT". (sd-messages(3), SD_MESSAGE_JOURNAL_DROPPED)"""

_DROPPED: Final = (f"MESSAGE_ID={DROPPED_MESSAGE_ID}", "_COMM=systemd-journal")
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
    """Reads the output of units of `machine`, and writes remarks into it."""

    def __init__(self, machine: Machine, source: Source | None = None) -> None:
        self._machine = machine
        self._fields = machine.scope.journal_fields
        self._source = source or open_source()

    def read(self, unit: str, *, after: str | None = None) -> Generator[Line, None, None]:
        """The output of `unit` so far, oldest first; after the cursor `after`, or all (None or invalid)."""
        entries = self._source.after((*self._output(unit), _DROPPED), after)
        with contextlib.closing(self._lines(entries, unit)) as lines:
            yield from _with_relevant_drops(lines, began=after is not None)

    def page(self, unit: str, count: int, *, before: str | None = None, after: str | None = None) -> Page:
        """About `count` lines of output, oldest first, and at most about 1 MiB.

        The first ones after the cursor `after`, else the last ones before the cursor `before` (None: before the end).
        Includes the lines about drops between them. Raises OSError.
        """
        matches = (*self._output(unit), _DROPPED)
        if after is not None:
            with contextlib.closing(self._lines(self._source.after(matches, after), unit)) as found:
                lines, complete = _bounded(found, count)
            return Page(tuple(_with_relevant_drops(iter(lines), began=True)), is_last=complete)
        with contextlib.closing(self._lines(self._source.before(matches, before), unit)) as found:
            lines, complete = _bounded(found, count)
        return Page(tuple(_with_relevant_drops(reversed(lines), began=False)), is_first=complete)

    def last_before(self, unit: str, moment: float) -> str | None:
        """The cursor of the last line of output before `moment` (seconds since the epoch); None if there is none."""
        with contextlib.closing(self._source.before_time(self._output(unit), moment)) as entries:
            return next((entry.cursor for entry in entries), None)

    def dump(self, unit: str, *, after: str | None = None) -> Iterator[bytes]:
        """The whole output in large pieces, byte for byte; or the output after the cursor `after`."""
        pieces: list[bytes] = []
        size = 0
        with contextlib.closing(self._source.after(self._output(unit), after)) as entries:
            for entry in entries:
                piece = entry.field("MESSAGE") + (b"\n" if _ends_line(entry) else b"")
                pieces.append(piece)
                size += len(piece)
                if size >= _CHUNK:
                    yield b"".join(pieces)
                    pieces, size = [], 0
        yield b"".join(pieces)

    def last_lines(self, unit: str, count: int) -> list[str]:
        """The last `count` lines of output as text, without the manager's messages."""
        with contextlib.closing(self._source.before(self._output(unit), None)) as entries:
            newest = [entry.field("MESSAGE").decode(errors="replace").strip() for entry in islice(entries, count)]
        return newest[::-1]

    def follow(self, since: float) -> LiveLines:
        """Follow the output of all services from `since` (seconds since the epoch)."""
        # Not by slice: lines without a known unit have none.
        return LiveLines(self, self._source.follow((("_TRANSPORT=stdout", *self._own()), _DROPPED), since))

    def write_remark(self, unit: str, text: str) -> None:
        """Write a line about the server's actions into a unit's output, where users look for the reason.

        It has the unit's identifier, since journald attributes lines to a unit only if its processes wrote them.
        Raises OSError.
        """
        self._source.write(UnitNames.identifier(unit), f"forgather: {text}")

    def _output(self, unit: str) -> Matches:
        # Messages of systemd's child before exec(2) are not the viewer's output (they have another transport).
        common = ("_TRANSPORT=stdout", *self._own())
        # If a child printed and died at once, journald knows only its stream.
        return (f"{self._fields.unit}={unit}", *common), (f"SYSLOG_IDENTIFIER={UnitNames.identifier(unit)}", *common)

    def _own(self) -> tuple[str, ...]:
        """Excludes another user's unit of the same name."""
        return (f"_UID={self._machine.uid}",) if self._machine.scope is Scope.USER else ()

    def _lines(self, entries: Entries, unit: str) -> Generator[Line, None, None]:
        with contextlib.closing(entries):
            for entry in entries:
                if (line := self._line(entry, unit)) is not None:
                    yield line

    def _line(self, entry: Entry, unit: str | None) -> Line | None:
        """The entry as a line; None for a drop that does not concern `unit` (None: any)."""
        if entry.field("MESSAGE_ID") == DROPPED_MESSAGE_ID.encode():
            if not self._is_about_us(entry):
                return None
            count = int(entry.field("N_DROPPED") or b"0")
            return Line(entry.cursor, entry.time, unit or "", b"", kind=LineKind.DROPPED, count=count)
        name = unit or self._unit_of(entry)
        return Line(entry.cursor, entry.time, name, entry.field("MESSAGE"), _ends_line(entry))

    def _unit_of(self, entry: Entry) -> str:
        name = entry.field(self._fields.unit).decode(errors="replace")
        return name or f"{entry.field('SYSLOG_IDENTIFIER').decode(errors='replace')}.service"

    def _is_about_us(self, entry: Entry) -> bool:
        """journald counts drops per user manager, not per unit."""
        if self._machine.scope is Scope.SYSTEM:
            return True
        return f"user@{self._machine.uid}.service".encode() in entry.field("MESSAGE")


class LiveLines:
    """Follows the output of services. For one thread."""

    def __init__(self, owner: Journal, entries: LiveEntries) -> None:
        self._owner = owner
        self._entries = entries

    def new_lines(self, most: int) -> list[Line]:
        """At most `most` new lines since the last call, possibly with duplicates. Does not block.

        Raises OSError if the journal cannot be read.
        """
        lines: list[Line] = []
        while len(lines) < most and (entry := self._entries.next()) is not None:
            line = self._owner._line(entry, None)
            if line is None:
                continue
            if line.kind is not LineKind.DROPPED:
                # The cursor of an entry in another file (journald's own) is not an exact position in this user's file.
                self._entries.remember(line.cursor)
            lines.append(line)
        return lines

    def close(self) -> None:
        self._entries.close()


def _ends_line(entry: Entry) -> bool:
    """False if journald has cut a long line, which the next entry continues."""
    return entry.field("_LINE_BREAK") != b"line-max"


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
