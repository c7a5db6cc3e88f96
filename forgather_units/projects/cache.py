"""Outcomes, good as long as all files that took part are what they were; kept on disk for the next process."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from forgather_units import __version__
from forgather_units.projects.folders import RACY_NS
from forgather_units.projects.outcome import Outcome, Request, Stamp, Value

_FORMAT: Final = 1
_FILE: Final = "configs.json"
_MOST_ENTRIES: Final = 5000
_LARGEST_FILE: Final = 64 * 1024 * 1024
# A machine that was too slow for a config may be idle a minute later.
_RETRY: Final = 60.0


@dataclass(frozen=True, slots=True)
class _Entry:
    values: Mapping[str, Value]
    error: str | None
    files: tuple[int, ...]
    """Numbers of pairs of a path and its stamp: most configs share most of their templates."""
    until: float | None = None
    """Monotonic time; None: not limited."""


class OutcomeCache:
    """Not for several threads at once. Errors of the disk are none of the caller's: then everything is read anew."""

    def __init__(self, folder: Path | None = None) -> None:
        self._file = folder / _FILE if folder else None
        self._pairs: list[tuple[str, Stamp | None]] = []
        self._numbers: dict[tuple[str, Stamp | None], int] = {}
        self._entries: dict[str, _Entry] = {}
        self._unsaved = False
        if self._file is not None:
            with suppress(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
                self._load(self._file)

    def check(self) -> Check:
        """A look at the files of this moment: each is asked for its stamp once, however many configs it is part of."""
        return Check(self)

    def put(self, request: Request, outcome: Outcome, started_ns: int) -> None:
        """Keep `outcome`, found from `started_ns` (since the epoch) on."""
        # A file that was written while it was read may be written again without another mtime.
        if any(stamp and abs(started_ns - stamp.mtime_ns) < RACY_NS for stamp in outcome.files.values()):
            return
        until = None if outcome.lasting else time.monotonic() + _RETRY
        files = tuple(self._number(pair) for pair in outcome.files.items())
        self._entries[_key(request)] = _Entry(outcome.values, outcome.error, files, until)
        self._unsaved |= outcome.lasting

    def save(self) -> None:
        """To disk, if there is anything new."""
        if self._file is None or not self._unsaved:
            return
        self._unsaved = False
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _replace(self._file, json.dumps(self._content()))

    def _number(self, pair: tuple[str, Stamp | None]) -> int:
        if pair not in self._numbers:
            self._numbers[pair] = len(self._pairs)
            self._pairs.append(pair)
        return self._numbers[pair]

    def _content(self) -> dict[str, Any]:
        kept = [(key, entry) for key, entry in self._entries.items() if entry.until is None][-_MOST_ENTRIES:]
        used = {old: new for new, old in enumerate(dict.fromkeys(each for _, entry in kept for each in entry.files))}
        return {
            "made_by": _maker(),
            "files": [[path, *([stamp.mtime_ns, stamp.size, stamp.inode] if stamp else [])] for path, stamp in (
                self._pairs[old] for old in used
            )],
            "entries": {key: [entry.values, entry.error, [used[old] for old in entry.files]] for key, entry in kept},
        }  # fmt: skip

    def _load(self, file: Path) -> None:
        if file.stat().st_size > _LARGEST_FILE:
            return
        content = json.loads(file.read_text(encoding="utf-8"))
        if content["made_by"] != _maker():
            return
        for path, *stamp in content["files"]:
            self._number((str(path), Stamp(*map(int, stamp)) if stamp else None))
        for key, (values, error, files) in content["entries"].items():
            if all(0 <= number < len(self._pairs) for number in files):
                self._entries[key] = _Entry(dict(values), error, tuple(files))


class Check:
    """See OutcomeCache.check."""

    def __init__(self, cache: OutcomeCache) -> None:
        self._cache = cache
        self._holds: dict[int, bool] = {}

    def get(self, request: Request) -> Outcome | None:
        """What came of `request`, if it would come out the same now."""
        key = _key(request)
        # Taken out and put in again: the oldest is the one that was not asked for the longest.
        entry = self._cache._entries.pop(key, None)
        if entry is None or (entry.until is not None and time.monotonic() > entry.until):
            return None
        if not all(map(self._same, entry.files)):
            return None
        self._cache._entries[key] = entry
        return Outcome(entry.values, dict(self._cache._pairs[each] for each in entry.files), entry.error)

    def _same(self, number: int) -> bool:
        if number not in self._holds:
            path, stamp = self._cache._pairs[number]
            self._holds[number] = _stamp(path) == stamp
        return self._holds[number]


def _stamp(path: str) -> Stamp | None:
    try:
        return Stamp.of(os.stat(path))
    except OSError:
        return None


def _key(request: Request) -> str:
    return hashlib.sha256(json.dumps(asdict(request), sort_keys=True).encode()).hexdigest()[:32]


def _maker() -> list[Any]:
    """What, beside the files, an outcome depends on."""
    places = [os.environ.get(name, "") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")]
    return [_FORMAT, __version__, platform.python_version(), platform.node(), *places]


def _replace(file: Path, text: str) -> None:
    descriptor, name = tempfile.mkstemp(prefix=f".{file.name}.", dir=file.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
