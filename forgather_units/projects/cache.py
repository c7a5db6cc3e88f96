"""Cache of outcomes, valid while all their files are unchanged; on disk for the next process."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from forgather_units import __version__
from forgather_units.files.atomic import write_atomic
from forgather_units.files.lookups import directly
from forgather_units.projects.folders import RACY_NS
from forgather_units.projects.outcome import Outcome, Request, Stamp, Value
from forgather_units.projects.tree import Tree, Unknown

_FORMAT: Final = 2
_FILE: Final = "configs.json"
# Outcomes not in the last listing: configs with arguments, projects outside of the search roots.
_MOST_OTHERS: Final = 5000
_LARGEST_FILE: Final = 512 * 1024 * 1024
# The whole file is written each time: a large one not after every change (seconds; entries).
_SAVE_PAUSE: Final = 30.0
_LARGE: Final = 2000
# A machine that was too slow for a config may be idle a minute later.
_RETRY: Final = 60.0


Look = Callable[[Sequence[str]], Sequence[Stamp | Unknown | None]]
_look_directly: Final = Tree(directly).stamps


@dataclass(frozen=True, slots=True)
class _Entry:
    values: Mapping[str, Value]
    error: str | None
    files: tuple[int, ...]
    """Numbers of pairs of a path and its stamp: most configs share most of their templates."""
    until: float | None = None
    """Monotonic time; None: not limited."""


class OutcomeCache:
    """Thread-safe. Hides disk errors from the caller: it then reads everything again.

    It keeps the outcomes of all configs that are listed, however many they are.
    """

    def __init__(self, folder: Path | None = None, look: Look = _look_directly) -> None:
        self._look = look
        self._file = folder / _FILE if folder else None
        self._pairs: list[tuple[str, Stamp | None]] = []
        self._numbers: dict[tuple[str, Stamp | None], int] = {}
        self._entries: dict[str, _Entry] = {}
        self._listed: frozenset[str] = frozenset()
        self._unsaved = False
        self._saved_at = float("-inf")
        self._lock = threading.Lock()
        if self._file is not None:
            with suppress(OSError, ValueError, TypeError, KeyError, IndexError, AttributeError):
                self._load(self._file)

    def check(self) -> Check:
        """Checks against the present files: reads each file's stamp once, even if many configs use it."""
        return Check(self)

    def put(self, request: Request, outcome: Outcome, started_ns: int) -> None:
        """Keep `outcome`, found from `started_ns` (since the epoch) on."""
        # A file that was written while it was read may be written again without another mtime.
        if any(stamp and abs(started_ns - stamp.mtime_ns) < RACY_NS for stamp in outcome.files.values()):
            return
        until = None if outcome.lasting else time.monotonic() + _RETRY
        key = key_of(request)
        with self._lock:
            files = tuple(self._number(pair) for pair in outcome.files.items())
            self._entries.pop(key, None)
            self._entries[key] = _Entry(outcome.values, outcome.error, files, until)
            self._unsaved |= outcome.lasting

    def keep(self, requests: Iterable[Request]) -> None:
        """Keep the outcomes of these; of other requests, only the most recent ones."""
        listed = frozenset(map(key_of, requests))
        with self._lock:
            self._listed = listed
            self._forget_others()

    def save(self, *, now: bool = False) -> None:
        """Write changes to disk. Writes a large cache only every 30 s, except with `now`."""
        with self._lock:
            waits = len(self._entries) > _LARGE and time.monotonic() - self._saved_at < _SAVE_PAUSE
            if self._file is None or not self._unsaved or (waits and not now):
                return
            self._unsaved = False
            self._saved_at = time.monotonic()
            content = self._content()
        with suppress(OSError):
            self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_atomic(self._file, json.dumps(content))

    def _forget_others(self) -> None:
        others = [key for key in self._entries if key not in self._listed]
        for key in others[: max(0, len(others) - _MOST_OTHERS)]:
            del self._entries[key]

    def _asked_for(self, key: str, entry: _Entry) -> None:
        """Move it to the end: the first entry is the least recently used."""
        if key in self._listed:
            return
        with self._lock:
            if self._entries.get(key) is entry:
                self._entries[key] = self._entries.pop(key)

    def _number(self, pair: tuple[str, Stamp | None]) -> int:
        if pair not in self._numbers:
            self._numbers[pair] = len(self._pairs)
            self._pairs.append(pair)
        return self._numbers[pair]

    def _content(self) -> dict[str, Any]:
        kept = [(key, entry) for key, entry in self._entries.items() if entry.until is None]
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
        """The outcome of `request` if it is still valid. Raises Unavailable, as `get_all`."""
        return self.get_all([request])[0]

    def get_all(self, requests: Sequence[Request]) -> list[Outcome | None]:
        """The same for each request. The files of all of them are checked in one look-up."""
        found = {key: entry for key in map(key_of, requests) if (entry := self._entry(key)) is not None}
        self._look_at(dict.fromkeys(number for entry in found.values() for number in entry.files))
        return [self._outcome(key, found[key]) if key in found else None for key in map(key_of, requests)]

    def _entry(self, key: str) -> _Entry | None:
        entry = self._cache._entries.get(key)
        return None if entry is None or (entry.until is not None and time.monotonic() > entry.until) else entry

    def _outcome(self, key: str, entry: _Entry) -> Outcome | None:
        if not all(self._holds[number] for number in entry.files):
            return None
        self._cache._asked_for(key, entry)
        return Outcome(entry.values, dict(self._cache._pairs[each] for each in entry.files), entry.error)

    def _look_at(self, numbers: Iterable[int]) -> None:
        new = [number for number in numbers if number not in self._holds]
        pairs = [self._cache._pairs[number] for number in new]
        paths = list(dict.fromkeys(path for path, _ in pairs))
        now = dict(zip(paths, self._cache._look(paths), strict=True))
        for number, (path, stamp) in zip(new, pairs, strict=True):
            # An unreachable file counts as unchanged: a renderer would hang in its file system.
            self._holds[number] = now[path] is False or now[path] == stamp


def key_of(request: Request) -> str:
    """The same for equal requests, in each process."""
    parts = (request.project_dir, request.workspace_root, request.folders, request.template, request.section)
    return hashlib.sha256(json.dumps([*parts, request.args], sort_keys=True).encode()).hexdigest()[:32]


def _maker() -> list[Any]:
    """Everything besides files that an outcome depends on."""
    places = [os.environ.get(name, "") for name in ("HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME")]
    return [_FORMAT, __version__, platform.python_version(), platform.node(), *places]
