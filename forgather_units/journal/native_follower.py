"""Follows the journal over rotation, vacuum and restarts of journald.

A reader finds new entries in its open files, but learns of a new *file* only through inotify: sd_journal_process(3)
returns SD_JOURNAL_INVALIDATE when files were added or removed. The reader then reopens after the last entry that it
returned. If inotify is exhausted (fs.inotify.max_user_instances or max_user_watches), the names in the journal's
folders are compared once a second instead, since no event reports a new file there. Entries written to a file within
that second are lost if the file is also deleted: sd_journal does not continue in a deleted file.
"""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from systemd import journal

from forgather_units.journal.native_reader import NativeEntry, seek_after

log = logging.getLogger(__name__)

_TOPS: Final = ("/run/log/journal", "/var/log/journal")
_MACHINE: Final = re.compile(r"[0-9a-f]{32}")
_COMPARE_PAUSE: Final = 1.0


class NativeFollower:
    """Implements LiveEntries.

    `open_matching` opens a reader with its matches. `since` (seconds since the epoch) is the start.
    """

    def __init__(self, open_matching: Callable[[], Any], since: float) -> None:
        self._open_matching = open_matching
        self._since = since
        self._cursor: str | None = None
        self._reader: Any = None
        self._has_entry = False
        self._is_watched = False
        self._names: frozenset[str] = frozenset()
        self._compare_at = 0.0
        self._open()

    def next(self) -> NativeEntry | None:
        """Implements LiveEntries.

        Looks for new files only at the end of the open ones: the last entries of a file that was rotated and deleted in
        the meantime can only be read through the old reader.
        """
        if self._has_next():
            return NativeEntry(self._reader)
        if self._files_changed():
            log.debug("journal files were added or removed: reopening the reader")
            self._reader.close()
            self._open()
            return NativeEntry(self._reader) if self._has_next() else None
        return None

    def _has_next(self) -> bool:
        if self._has_entry:
            self._has_entry = False
            return True
        return bool(self._reader._next())

    def remember(self, cursor: str) -> None:
        """Implements LiveEntries. A reopened reader continues after it."""
        self._cursor = cursor

    def close(self) -> None:
        """Implements LiveEntries."""
        self._reader.close()

    def _open(self) -> None:
        self._reader = self._open_matching()
        self._is_watched = _watch(self._reader)
        if not self._is_watched:
            log.warning("no inotify watches are left: checking for new journal files once a second")
            self._names = _file_names()
            self._compare_at = time.monotonic() + _COMPARE_PAUSE
        if self._cursor is not None:
            self._has_entry = seek_after(self._reader, self._cursor)
        else:
            self._reader.seek_realtime(int(self._since * 1e6))

    def _files_changed(self) -> bool:
        if self._is_watched:
            return bool(self._reader.process() == journal.INVALIDATE)
        if time.monotonic() < self._compare_at:
            return False
        self._compare_at = time.monotonic() + _COMPARE_PAUSE
        return _file_names() != self._names


def _watch(reader: Any) -> bool:
    """Start inotify on the journal's folders; False if its limits are reached.

    sd_journal_get_fd(3) fails if no instance is left, but ignores a folder for which no watch is left; the kernel lists
    the existing watches.
    """
    try:
        descriptor = reader.fileno()
        watches = Path(f"/proc/self/fdinfo/{descriptor}").read_text().count("inotify wd:")
    except OSError:
        return False
    return watches >= len(_folders())


def _folders() -> list[str]:
    """The accessible folders that sd_journal_open(3) watches: the two tops, and in them one for each machine id."""
    found = []
    for top in _TOPS:
        with suppress(OSError):
            found += [top, *(entry.path for entry in os.scandir(top) if _MACHINE.fullmatch(entry.name))]
    return [folder for folder in found if os.access(folder, os.R_OK | os.X_OK)]


def _file_names() -> frozenset[str]:
    """The paths of all journal files; rotation renames a file."""
    names: set[str] = set()
    for folder in _folders():
        with suppress(OSError):
            names.update(entry.path for entry in os.scandir(folder))
    return frozenset(names)
