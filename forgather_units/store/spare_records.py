"""Keeps job records that the database cannot store in a folder in memory until it can.

A job may end while the state folder's disk is full. Without these records a server that restarts at that time would
not know how the job ended.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

log = logging.getLogger(__name__)


class SpareRecords:
    """Files named by job ids. Nothing here raises: without the folder, only the server's memory has the records."""

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._kept: set[str] = set()

    def load(self) -> list[tuple[bytes, bytes]]:
        """The ids and records that an earlier server left."""
        found = []
        with suppress(OSError):
            for file in sorted(self._folder.iterdir()) if self._folder else ():
                if file.suffix != ".new":
                    found.append((os.fsencode(file.name), file.read_bytes()))
                    self._kept.add(file.name)
        return found

    def keep(self, queue_id: str, record: str) -> None:
        if self._folder is None:
            return
        file, new = self._folder / queue_id, self._folder / f"{queue_id}.new"
        try:
            self._folder.mkdir(mode=0o700, exist_ok=True)
            new.write_text(record, encoding="utf-8")
            new.replace(file)
        except OSError as why:
            log.warning("only the memory of this server has the record of %s: %s", queue_id, why)
        else:
            self._kept.add(queue_id)

    def drop(self, queue_id: str) -> None:
        """Remove a record that the database has stored."""
        if queue_id in self._kept and self._folder is not None:
            self._kept.discard(queue_id)
            with suppress(OSError):
                (self._folder / queue_id).unlink(missing_ok=True)
