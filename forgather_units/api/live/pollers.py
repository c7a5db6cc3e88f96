"""Polls what sends no events (unit counters, event files) while a page is open.

The kernel keeps a unit's counters, and other programs write the event files: no event reports a change. (inotify would
need a watch on each folder of each run, and reports nothing on network file systems.)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from forgather_units.api.logdir_json import logdir_json
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.files.lookups import Ask
from forgather_units.viewers.tensorboard.options import TensorBoardOptions

_PAUSE: Final = 5.0
# Seconds for all logdirs of one round; if there are more, the next round continues with the others.
_ROUND_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class UsageChanged:
    """The counters of running units may have changed."""


@dataclass(frozen=True, slots=True)
class LogdirChanged:
    """The facts of a logdir have changed."""

    facts: dict[str, Any]


PollResult = UsageChanged | LogdirChanged
Watcher = Callable[[PollResult], None]


class Poller:
    """Polls in one thread for all pages, which ends when there are none."""

    def __init__(self, jobs: Callable[[], list[Job]], ask: Ask, *, pause: float = _PAUSE) -> None:
        self._jobs = jobs
        self._ask = ask
        self._pause = pause
        self._lock = threading.Lock()
        self._watchers: set[Watcher] = set()
        self._is_running = False
        self._wake = threading.Event()
        # The facts of each logdir (None: not inspected yet), the one inspected longest ago first.
        self._known: dict[str, dict[str, Any] | None] = {}

    @contextmanager
    def watching(self, watcher: Watcher) -> Iterator[None]:
        """`watcher` gets the known facts of the logdirs of active jobs at once, and their changes inside the `with`.

        Later calls are in the poller's thread.
        """
        with self._lock:
            self._watchers.add(watcher)
            known = [facts for facts in self._known.values() if facts is not None]
            if not self._is_running:
                self._is_running = True
                threading.Thread(target=self._poll, name="poller", daemon=True).start()
        for facts in known:
            watcher(LogdirChanged(facts))
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(watcher)

    def job_changed(self, job: Job) -> None:
        """Inspect the job's logdir soon, if it is a new one."""
        if (logdir := _logdir(job)) is not None and logdir not in self._known:
            self._wake.set()

    def _poll(self) -> None:
        while True:
            with self._lock:
                if not self._watchers:
                    self._is_running = False
                    return
            jobs = self._jobs()
            if any(isinstance(job.state, Starting | Running) for job in jobs):
                self._notify(UsageChanged())
            for facts in self._changed_logdirs(jobs):
                self._notify(LogdirChanged(facts))
            if None not in self._known.values():
                self._wake.wait(self._pause)
            self._wake.clear()

    def _changed_logdirs(self, jobs: list[Job]) -> Iterator[dict[str, Any]]:
        wanted = {logdir for job in jobs if (logdir := _logdir(job)) is not None}
        with self._lock:
            known = {path: facts for path, facts in self._known.items() if path in wanted}
            self._known = {**dict.fromkeys(wanted - known.keys()), **known}
        deadline = time.monotonic() + _ROUND_SECONDS
        for path in list(self._known):
            before, now = self._known[path], logdir_json(self._ask, path)
            with self._lock:
                # Move it to the end.
                del self._known[path]
                self._known[path] = now
            if now != before:
                yield now
            if time.monotonic() > deadline:
                return

    def _notify(self, result: PollResult) -> None:
        with self._lock:
            watchers = tuple(self._watchers)
        for watcher in watchers:
            watcher(result)


def _logdir(job: Job) -> str | None:
    """The logdir of a TensorBoard that has not ended."""
    options = job.submission.options
    return options.logdir if not job.is_ended and isinstance(options, TensorBoardOptions) else None
