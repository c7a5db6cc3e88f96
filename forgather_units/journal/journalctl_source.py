"""Reads the journal by the program journalctl, for installations without systemd-python.

Each call starts a child, which takes some 15 ms; lines that are followed arrive within a fifth of a second, since
journalctl waits for inotify and journald announces its writes late.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Final

from forgather_units.host.system_program import search_path
from forgather_units.journal.export_format import ExportParser
from forgather_units.journal.source import Entries, Matches

_FIELDS: Final = (
    "MESSAGE",
    "MESSAGE_ID",
    "N_DROPPED",
    "PRIORITY",
    "SYSLOG_IDENTIFIER",
    "_LINE_BREAK",
    "_SYSTEMD_UNIT",
    "_SYSTEMD_USER_UNIT",
)
"""The fields that this program reads."""

_CURSOR: Final = re.compile(r"s=[0-9a-f]+;i=[0-9a-f]+;b=[0-9a-f]+;m=[0-9a-f]+;t=[0-9a-f]+;x=[0-9a-f]+")
_PIECE: Final = 64 * 1024
_WRITE_LIMIT: Final = 5.0


class ExportedEntry:
    """Implements Entry."""

    def __init__(self, fields: dict[str, bytes]) -> None:
        self._fields = fields

    @property
    def cursor(self) -> str:
        """Implements Entry."""
        return self.field("__CURSOR").decode("ascii", "replace")

    @property
    def time(self) -> float:
        """Implements Entry."""
        return int(self.field("__REALTIME_TIMESTAMP") or b"0") / 1e6

    def field(self, name: str) -> bytes:
        """Implements Entry."""
        return self._fields.get(name, b"")


class JournalctlSource:
    """Implements Source."""

    def after(self, matches: Matches, cursor: str | None) -> Entries:
        """Implements Source."""
        return _read(matches, _seek(cursor), cursor)

    def before(self, matches: Matches, cursor: str | None) -> Entries:
        """Implements Source."""
        return _read(matches, ["--reverse", *_seek(cursor)], cursor)

    def before_time(self, matches: Matches, moment: float) -> Entries:
        """Implements Source."""
        # --until= includes entries of exactly this microsecond.
        return _read(matches, ["--reverse", f"--until={_timestamp(moment - 1e-6)}"], None)

    def follow(self, matches: Matches, since: float) -> JournalctlFollower:
        """Implements Source."""
        return JournalctlFollower(_Child(matches, ["--follow", "--no-tail", f"--since={_timestamp(since)}"]))

    def write(self, identifier: str, text: str) -> None:
        """Implements Source."""
        command = [_program("systemd-cat"), f"--identifier={identifier}", "--priority=notice"]
        try:
            subprocess.run(
                command, input=f"{text}\n".encode(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True,
                timeout=_WRITE_LIMIT,
            )  # fmt: skip
        except subprocess.SubprocessError as why:
            raise OSError(str(why)) from None


class JournalctlFollower:
    """Implements LiveEntries. A journalctl that ends is an OSError: start again."""

    def __init__(self, child: _Child) -> None:
        self._child = child
        self._entries: deque[ExportedEntry] = deque()
        os.set_blocking(child.output, False)

    def next(self) -> ExportedEntry | None:
        """Implements LiveEntries."""
        if not self._entries:
            try:
                piece = os.read(self._child.output, _PIECE)
            except BlockingIOError:
                return None
            if not piece:
                raise self._child.error()
            self._entries.extend(self._child.parse(piece))
        return self._entries.popleft() if self._entries else None

    def remember(self, cursor: str) -> None:
        """Implements LiveEntries. journalctl itself follows the rotation of files."""

    def close(self) -> None:
        """Implements LiveEntries."""
        self._child.close()


class _Child:
    """A running journalctl, and the parser of its output. Raises OSError if it cannot be started."""

    def __init__(self, matches: Matches, options: Sequence[str]) -> None:
        words = [word for group in matches for word in ("+", *group)][1:]
        command = [_program("journalctl"), "--quiet", "--no-pager", "--output=export"]
        command += [f"--output-fields={','.join(_FIELDS)}", *options, "--", *words]
        # In memory, where a child that reports many broken files cannot block.
        self._errors = os.memfd_create("journalctl-errors", os.MFD_CLOEXEC)
        try:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._errors, bufsize=0
            )
        except OSError:
            os.close(self._errors)
            raise
        self._parser = ExportParser()
        assert self._process.stdout is not None
        self._stream = self._process.stdout
        self.output = self._stream.fileno()

    def parse(self, piece: bytes) -> Iterator[ExportedEntry]:
        return map(ExportedEntry, self._parser.feed(piece))

    def entries(self) -> Iterator[ExportedEntry]:
        """All entries, until journalctl ends. Raises OSError if it fails."""
        while piece := os.read(self.output, _PIECE):
            yield from self.parse(piece)
        if self._process.wait() != 0:
            raise self.error()

    def error(self) -> OSError:
        status = self._process.wait()
        printed = " ".join(os.pread(self._errors, 4096, 0).decode(errors="replace").split())
        return OSError(f"journalctl ended: {printed or f'status {status}'}")

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._stream.close()
        os.close(self._errors)


def _read(matches: Matches, options: Sequence[str], cursor: str | None) -> Entries:
    with closing(_Child(matches, options)) as child:
        for number, entry in enumerate(child.entries()):
            # It starts at the cursor's own entry, or, if that was vacuumed, at an adjacent one.
            if number or entry.cursor != cursor:
                yield entry


def _seek(cursor: str | None) -> list[str]:
    """The option; none for an invalid cursor, which a user may have typed."""
    return [f"--cursor={cursor}"] if cursor and _CURSOR.fullmatch(cursor) else []


def _timestamp(moment: float) -> str:
    return f"@{max(moment, 0.0):.6f}"


def _program(name: str) -> str:
    path = shutil.which(name, path=search_path())
    if path is None:
        raise FileNotFoundError(f"{name} is not installed")
    return path
