"""Watches runs that pages request repeatedly, and reports that one of them was written to."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Unavailable
from forgather_units.files.lookups import Ask, directly
from forgather_units.folders.watch import Watch
from forgather_units.runs.log_file import FILE_NAME
from forgather_units.runs.states import RunStates, states_below

# Seconds. A page asks again when something has changed, and from time to time.
_LEASE: Final = 300.0
_GATHER: Final = 1.0
_LIMIT: Final = 10.0
"""The first look-up reads up to 4 MiB of each of a hundred logs."""


class FollowedRuns:
    """Thread-safe. Calls `changed`, from another thread, when a run below a folder requested in the last minutes has
    changed. `ask` runs a function that accesses folders."""

    def __init__(self, changed: Callable[[], None], ask: Ask = directly) -> None:
        self._changed = changed
        self._ask = ask
        self._watch = Watch(self._heard, _is_of_a_run, _GATHER, ask)
        self._lock = threading.Lock()
        self._asked: dict[str, float] = {}
        self._nearest: dict[str, str] = {}
        """For each requested folder, its nearest existing ancestor."""
        self._watched: set[str] = set()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Changes are reported inside the `with`."""
        try:
            yield
        finally:
            self._watch.stop()

    @property
    def watched(self) -> frozenset[str] | None:
        """See Watch.watched."""
        return self._watch.watched

    def below(self, folder: str) -> RunStates:
        """See states_below. Raises Unavailable where its file system does not answer."""
        with self._lock:
            self._asked = {**self._still_asked_for(), folder: time.monotonic()}
        nearest, states = self._ask(folder, _look, folder, limit=_LIMIT)
        self._watch_what_is_there({folder: nearest})
        return states

    def _watch_what_is_there(self, found: dict[str, str]) -> None:
        """A config's folder may not exist before its first run: until then, watch its nearest existing ancestor."""
        with self._lock:
            nearest = {**self._nearest, **found}
            self._nearest = {folder: nearest[folder] for folder in self._asked if folder in nearest}
            wanted = set(self._nearest.values())
            changed, self._watched = wanted != self._watched, wanted
        if changed:
            self._watch.on(wanted)

    def _still_asked_for(self) -> dict[str, float]:
        oldest = time.monotonic() - _LEASE
        return {folder: asked for folder, asked in self._asked.items() if asked >= oldest}

    def _heard(self) -> None:
        with self._lock:
            self._asked = self._still_asked_for()
            asked = list(self._asked)
        found: dict[str, str] = {}
        for folder in asked:
            try:
                found[folder] = self._ask(folder, _nearest, folder)
            except Unavailable:
                # It is watched as before.
                continue
        self._watch_what_is_there(found)
        if asked:
            self._changed()


def _look(folder: str) -> tuple[str, RunStates]:
    return _nearest(folder), states_below(folder)


def _nearest(folder: str) -> str:
    """The folder, or its nearest existing ancestor."""
    path = Path(folder)
    return str(next((each for each in (path, *path.parents) if each.is_dir()), path))


def _is_of_a_run(path: str, is_folder: bool) -> bool:
    return is_folder or path.endswith(FILE_NAME) or "tfevents" in path.rpartition("/")[2]
