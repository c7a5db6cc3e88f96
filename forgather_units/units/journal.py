"""The journal as a job's terminal: the only module that reads it.

What journald does to a program's output (it is the same for `journalctl`): blank lines and trailing spaces are dropped,
a line of more than 48 KiB is stored in pieces, escapes and bytes that are no UTF-8 are kept. Each call opens a reader
of its own, so any thread may call.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from os import geteuid
from typing import Any, Final

from systemd import journal

from forgather_units.units.names import UnitNames
from forgather_units.units.scope import Scope

DROPPED_MESSAGE_ID: Final = "a596d6fe7bfa4994828e72309e95d61e"
"""journald's own line "Suppressed N messages from UNIT". (sd-messages(3), SD_MESSAGE_JOURNAL_DROPPED)"""

_CHUNK: Final = 64 * 1024
# journald tells of a drop with the first line after its interval of 30 s is over (seconds).
_DROP_DELAY: Final = 60.0


class Kind(StrEnum):
    """Who says a line."""

    OUTPUT = "output"
    """The program."""
    MANAGER = "manager"
    """The service manager, about the unit."""
    DROPPED = "dropped"
    """journald: it has dropped lines."""


@dataclass(frozen=True, slots=True)
class Line:
    """An entry. `data` are the bytes as they were printed; `ends` is False where the next entry continues the line."""

    cursor: str
    time: float
    """Seconds since the epoch, when journald received it."""
    unit: str
    data: bytes
    ends: bool = True
    kind: Kind = Kind.OUTPUT
    count: int = 0
    """Lines lost, for `dropped`."""

    @property
    def printed(self) -> bytes:
        """The bytes with the newline that journald took off."""
        return self.data + b"\n" if self.ends else self.data


class Journal:
    """Reads what units of `scope` printed."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._fields = scope.journal_fields

    def read(self, unit: str, *, after: str | None = None) -> Iterator[Line]:
        """What `unit` printed so far, oldest first; `after` a cursor, or all (also if the cursor is no cursor)."""
        with contextlib.closing(_open()) as reader:
            self._match_output(reader, unit)
            self._match_dropped(reader)
            yield from _with_their_drops(self._lines(reader, unit, after), began=after is not None)

    def _lines(self, reader: Any, unit: str, after: str | None) -> Iterator[Line]:
        found = _seek_after(reader, after) or reader._next()
        while found:
            line = self._line(reader, unit)
            if line is not None:
                yield line
            found = reader._next()

    def dump(self, unit: str) -> Iterator[bytes]:
        """The whole output in large pieces, byte for byte as it was printed."""
        with contextlib.closing(_open()) as reader:
            self._match_output(reader, unit)
            pieces: list[bytes] = []
            size = 0
            while reader._next():
                piece = _get(reader, "MESSAGE") + (b"\n" if _ends(reader) else b"")
                pieces.append(piece)
                size += len(piece)
                if size >= _CHUNK:
                    yield b"".join(pieces)
                    pieces, size = [], 0
            yield b"".join(pieces)

    def last_lines(self, unit: str, count: int) -> list[str]:
        """The last `count` lines that the unit printed, as text; of one that printed nothing, what its manager said."""
        with contextlib.closing(_open()) as reader:
            self._match_output(reader, unit)
            if printed := _last(reader, count):
                return printed
        with contextlib.closing(_open()) as reader:
            reader.add_match(f"{self._fields.about_unit}={unit}")
            # Warnings and worse: not "Started ...".
            for priority in range(5):
                reader.add_match(f"PRIORITY={priority}")
            return _last(reader, count)

    def follow(self, since: float) -> LiveReader:
        """A reader of all that services print, from `since` (seconds since the epoch) on."""
        reader = _open()
        # Not by slice: lines that journald could attribute to no unit have none.
        reader.add_match("_TRANSPORT=stdout")
        self._match_own(reader)
        self._match_dropped(reader)
        reader.seek_realtime(int(since * 1e6))
        return LiveReader(self, reader)

    def _match_output(self, reader: Any, unit: str) -> None:
        # What systemd's own child says before it becomes the viewer is no output of the viewer's.
        reader.add_match(f"{self._fields.unit}={unit}")
        reader.add_match("_TRANSPORT=stdout")
        self._match_own(reader)
        # A child that printed and died at once: journald knows its stream, and nothing else of it.
        reader.add_disjunction()
        reader.add_match(f"SYSLOG_IDENTIFIER={UnitNames.identifier(unit)}")
        reader.add_match("_TRANSPORT=stdout")
        self._match_own(reader)

    def _match_own(self, reader: Any) -> None:
        """Another user may have a unit of the same name."""
        if self._scope is Scope.USER:
            reader.add_match(f"_UID={geteuid()}")

    def _match_dropped(self, reader: Any) -> None:
        reader.add_disjunction()
        reader.add_match(f"MESSAGE_ID={DROPPED_MESSAGE_ID}")
        reader.add_match("_COMM=systemd-journal")

    def _line(self, reader: Any, unit: str | None) -> Line | None:
        """The entry that the reader stands on; None for a drop that does not concern `unit` (None: any)."""
        cursor, time = reader._get_cursor(), reader._get_realtime() / 1e6
        if _get(reader, "MESSAGE_ID") == DROPPED_MESSAGE_ID.encode():
            if not self._is_about_us(reader):
                return None
            count = int(_get(reader, "N_DROPPED") or b"0")
            return Line(cursor, time, unit or "", b"", kind=Kind.DROPPED, count=count)
        name = unit or self._unit_of(reader)
        return Line(cursor, time, name, _get(reader, "MESSAGE"), _ends(reader))

    def _unit_of(self, reader: Any) -> str:
        name = _get(reader, self._fields.unit).decode(errors="replace")
        return name or f"{_get(reader, 'SYSLOG_IDENTIFIER').decode(errors='replace')}.service"

    def _is_about_us(self, reader: Any) -> bool:
        """journald counts what it drops for a whole user manager, not for each unit of it."""
        if self._scope is Scope.SYSTEM:
            return True
        return f"user@{geteuid()}.service".encode() in _get(reader, "MESSAGE")


class LiveReader:
    """Follows what services print. For one thread."""

    def __init__(self, owner: Journal, reader: Any) -> None:
        self._owner = owner
        self._reader = reader

    def new_lines(self, most: int) -> list[Line]:
        """What has come since the last call, at most so many lines. Does not wait."""
        # Without this it would not notice files that journald has rotated to.
        self._reader.process()
        lines: list[Line] = []
        while len(lines) < most and self._reader._next():
            line = self._owner._line(self._reader, None)
            if line is not None:
                lines.append(line)
        return lines

    def close(self) -> None:
        self._reader.close()


def _with_their_drops(lines: Iterator[Line], *, began: bool) -> Iterator[Line]:
    """Leave out what was dropped before the unit printed anything, or long after it had fallen silent."""
    drops: list[Line] = []
    last_output = 0.0
    for line in lines:
        if line.kind is not Kind.DROPPED:
            yield from drops
            yield line
            drops, last_output = [], line.time
        elif last_output or began:
            drops.append(line)
    yield from (drop for drop in drops if drop.time - last_output < _DROP_DELAY)


def _open() -> Any:
    """A reader without conversions: they would cost ten times the reading."""
    reader = journal._Reader()
    # The default cuts long fields.
    reader.data_threshold = 0
    return reader


def _get(reader: Any, field: str) -> bytes:
    try:
        value: bytes = reader._get(field)
    except KeyError:
        return b""
    return value


def _ends(reader: Any) -> bool:
    return _get(reader, "_LINE_BREAK") != b"line-max"


def _seek_after(reader: Any, cursor: str | None) -> bool:
    """Place the reader; True if it already stands on an entry that is wanted."""
    reader.seek_head()
    if cursor is None:
        return False
    try:
        reader.seek_cursor(cursor)
    except OSError:
        # No cursor at all: somebody's typing.
        return False
    # A seek goes to the entry itself, or, if it was vacuumed, to what comes next.
    return bool(reader._next()) and not reader.test_cursor(cursor)


def _last(reader: Any, count: int) -> list[str]:
    """The last `count` messages that match."""
    reader.seek_tail()
    lines: list[str] = []
    while len(lines) < count and reader._previous():
        lines.append(_get(reader, "MESSAGE").decode(errors="replace").strip())
    return lines[::-1]
