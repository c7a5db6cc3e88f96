"""Shared calls of sd_journal(3): open a reader, read a field, seek; and a function that writes a line.

Readers are python-systemd's `_Reader`, which converts no fields: conversion takes ten times as long as reading.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from systemd import journal

from forgather_units.systemd.names import UnitNames


def open_reader() -> Any:
    """A new `_Reader` on all journal files that this user can read. Raises OSError, as when no descriptor is left."""
    reader = journal._Reader()
    try:
        # sd_journal_open(3) silently skips a file if no descriptor is free: check that one is left.
        os.close(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError:
        reader.close()
        raise
    # The default cuts long fields.
    reader.data_threshold = 0
    return reader


def field(reader: Any, name: str) -> bytes:
    """The value of a field of the current entry; empty where the entry has no such field."""
    try:
        value: bytes = reader._get(name)
    except KeyError:
        return b""
    return value


def ends_line(reader: Any) -> bool:
    """False if journald has cut a long line, which the next entry continues."""
    return field(reader, "_LINE_BREAK") != b"line-max"


def seek_after(reader: Any, cursor: str | None) -> bool:
    """Place the reader after `cursor` (None or invalid: at the head); True if it is already on a wanted entry.

    False means that `_next` moves to the first wanted entry.
    """
    reader.seek_head()
    return _seek_past(reader, cursor, reader._next)


def seek_before(reader: Any, cursor: str | None) -> bool:
    """Place the reader before `cursor` (None or invalid: after the tail); True if it is on a wanted entry.

    False means that `_previous` moves to the first wanted entry.
    """
    reader.seek_tail()
    return _seek_past(reader, cursor, reader._previous)


def _seek_past(reader: Any, cursor: str | None, step: Callable[[], Any]) -> bool:
    if cursor is None:
        return False
    try:
        reader.seek_cursor(cursor)
    except OSError:
        # A user may have typed an invalid cursor.
        return False
    # A seek moves to the entry itself, or, if it was vacuumed, to an adjacent one.
    return bool(step()) and not reader.test_cursor(cursor)


def last_messages(reader: Any, count: int) -> list[str]:
    """The last `count` messages that match, oldest first."""
    reader.seek_tail()
    lines: list[str] = []
    while len(lines) < count and reader._previous():
        lines.append(field(reader, "MESSAGE").decode(errors="replace").strip())
    return lines[::-1]


def write_remark(unit: str, text: str) -> None:
    """Write a line about the server's actions into a unit's output, where users look for the reason. Raises OSError.

    It has the unit's identifier, since journald attributes lines to a unit only if its processes wrote them.
    """
    with journal.stream(UnitNames.identifier(unit), priority=5) as stream:
        stream.write(f"forgather: {text}\n")
