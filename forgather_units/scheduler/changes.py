"""Who wants to know that something changed: a job, the list of them, the scheduler's switch, the services."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum

from forgather_units.domain.job import Job

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Removed:
    """A job was taken out of the list."""

    queue_id: str


class Subject(StrEnum):
    """What else may have changed: whoever is interested asks anew."""

    SCHEDULER = "scheduler"
    SERVICES = "services"
    PROJECTS = "projects"
    RUNS = "runs"


Change = Job | Removed | Subject
Listener = Callable[[Job], None]
Watcher = Callable[[Change], None]


class Changes:
    """Calls its listeners with each change, on the thread that made it: they must return at once."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._lock = threading.Lock()

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """`listener` hears of every new state of a job inside the `with`."""

        def jobs_alone(change: Change) -> None:
            if isinstance(change, Job):
                listener(change)

        with self.watching(jobs_alone):
            yield

    @contextmanager
    def watching(self, watcher: Watcher) -> Iterator[None]:
        """`watcher` hears of every change inside the `with`."""
        with self._lock:
            self._watchers.add(watcher)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(watcher)

    def tell(self, change: Change) -> None:
        with self._lock:
            watchers = tuple(self._watchers)
        for watcher in watchers:
            try:
                watcher(change)
            except Exception:
                log.exception("a listener failed on %s", change)
