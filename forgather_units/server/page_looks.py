"""What changes without a word, looked at again and again while somebody has the page open.

Counters of a unit are the kernel's, and event files are written by programs that know nothing of us: nobody tells
when they change. (inotify would need a watch on every folder of every run, and says nothing on a network's disk.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from forgather_units.domain.job import Job, Running, Starting
from forgather_units.domain.tensorboard import TensorBoardOptions
from forgather_units.server.logdirs import logdir_answer

_PAUSE: Final = 5.0
# All looks of one round together (seconds): where there are many logdirs, the next round goes on with the others.
_MOST_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Usage:
    """The counters of what runs may be others by now."""


@dataclass(frozen=True, slots=True)
class Logdir:
    """Other facts of a logdir than the last time."""

    facts: dict[str, Any]


Look = Usage | Logdir
Watcher = Callable[[Look], None]


class Looks:
    """One thread for all pages, and none without."""

    def __init__(self, jobs: Callable[[], list[Job]], *, pause: float = _PAUSE) -> None:
        self._jobs = jobs
        self._pause = pause
        self._lock = threading.Lock()
        self._watchers: set[Watcher] = set()
        self._looking = False
        # Of each logdir its facts, the longest not looked at first.
        self._known: dict[str, dict[str, Any] | None] = {}

    @contextmanager
    def watching(self, watcher: Watcher) -> Iterator[None]:
        """`watcher` hears, on a thread of ours, what was found, inside the `with`."""
        with self._lock:
            self._watchers.add(watcher)
            if not self._looking:
                self._looking = True
                threading.Thread(target=self._look, name="looks", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(watcher)

    def _look(self) -> None:
        while True:
            time.sleep(self._pause)
            with self._lock:
                if not self._watchers:
                    self._looking = False
                    return
            jobs = self._jobs()
            if any(isinstance(job.state, Starting | Running) for job in jobs):
                self._tell(Usage())
            for facts in self._changed_logdirs(jobs):
                self._tell(Logdir(facts))

    def _changed_logdirs(self, jobs: list[Job]) -> Iterator[dict[str, Any]]:
        wanted = {
            job.submission.options.logdir
            for job in jobs
            if job.is_active and isinstance(job.submission.options, TensorBoardOptions)
        }
        self._known = {path: facts for path, facts in self._known.items() if path in wanted}
        for path in wanted - self._known.keys():
            self._known[path] = None
        deadline = time.monotonic() + _MOST_SECONDS
        for path in list(self._known):
            before, now = self._known.pop(path), logdir_answer(path)
            self._known[path] = now
            if now != before:
                yield now
            if time.monotonic() > deadline:
                return

    def _tell(self, look: Look) -> None:
        with self._lock:
            watchers = tuple(self._watchers)
        for watcher in watchers:
            watcher(look)
