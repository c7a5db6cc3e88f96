"""Incremental reader of trainer_logs.json, which grows during its run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import NotFound, Unavailable
from forgather_units.files.regular_file import open_regular
from forgather_units.runs.record_splitter import Record, RecordSplitter

FILE_NAME: Final = "trainer_logs.json"
_CHUNK: Final = 1 << 20


class LogFile:
    """One file. Each reading returns the new records; memory use does not grow with the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begin()

    def _begin(self) -> None:
        self._splitter = RecordSplitter()
        self._identity: tuple[int, int] | None = None
        self._broken = 0
        self.offset = 0

    @property
    def broken(self) -> int:
        """How many records could not be read."""
        return self._broken + self._splitter.broken

    @property
    def is_half(self) -> bool:
        return self._splitter.is_half

    @property
    def is_closed(self) -> bool:
        return self._splitter.is_closed

    def is_another(self) -> bool:
        """Whether the file was replaced or truncated: records read before are no longer in it."""
        facts = self._facts()
        return self._identity not in (None, (facts.st_dev, facts.st_ino)) or facts.st_size < self.offset

    @property
    def unread(self) -> int:
        """In bytes. Raises NotFound, Unavailable."""
        return self._facts().st_size - self.offset

    def read(self) -> Iterator[list[Record]]:
        """The records since the last reading, a chunk at a time. Raises NotFound, Unavailable."""
        try:
            with self._open() as file:
                size = os.fstat(file.fileno()).st_size
                file.seek(self.offset)
                # Up to this size: a log that is written faster than it is read has no end.
                while chunk := file.read(max(0, min(_CHUNK, size - self.offset))):
                    self.offset += len(chunk)
                    yield self._splitter.feed(chunk)
        except OSError as why:
            raise _unreadable(self.path, why) from None

    def sample(self, places: int, each: int) -> Iterator[list[Record]]:
        """Instead of all unread bytes, `each` bytes at `places` evenly spaced offsets; the last ends with the file."""
        size = self._facts().st_size
        stride = max(each, (size - self.offset) // places)
        starts = [*range(self.offset, size - each, stride), max(self.offset, size - each)]
        for start in starts:
            self._broken += self._splitter.broken
            self._splitter = RecordSplitter(in_the_middle=start > 0)
            try:
                with self._open() as file:
                    file.seek(start)
                    piece = file.read(each)
            except OSError as why:
                raise _unreadable(self.path, why) from None
            self.offset = start + len(piece)
            yield self._splitter.feed(piece)

    def _open(self) -> FileIO:
        file = FileIO(open_regular(self.path))
        facts = os.fstat(file.fileno())
        self._identity = (facts.st_dev, facts.st_ino)
        return file

    def _facts(self) -> os.stat_result:
        try:
            return self.path.stat()
        except OSError as why:
            raise _unreadable(self.path, why) from None


def _unreadable(path: Path, why: OSError) -> NotFound | Unavailable:
    if isinstance(why, FileNotFoundError):
        return NotFound(f"there is no {path}")
    return Unavailable(f"{path} cannot be read: {why.strerror}")
