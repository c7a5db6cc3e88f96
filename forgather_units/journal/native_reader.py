"""Calls of sd_journal(3): open a reader, seek, read fields.

Readers are python-systemd's `_Reader`, which converts no fields: conversion takes ten times as long as reading.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from systemd import journal


class NativeEntry:
    """The reader's current entry; implements Entry."""

    def __init__(self, reader: Any) -> None:
        self._get = reader._get
        self._reader = reader

    @property
    def cursor(self) -> str:
        """Implements Entry."""
        cursor: str = self._reader._get_cursor()
        return cursor

    @property
    def time(self) -> float:
        """Implements Entry."""
        microseconds: int = self._reader._get_realtime()
        return microseconds / 1e6

    def field(self, name: str) -> bytes:
        """Implements Entry."""
        try:
            value: bytes = self._get(name)
        except KeyError:
            return b""
        return value


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
    except (OSError, ValueError):
        # A user may have typed an invalid cursor.
        return False
    # A seek moves to the entry itself, or, if it was vacuumed, to an adjacent one.
    return bool(step()) and not reader.test_cursor(cursor)
