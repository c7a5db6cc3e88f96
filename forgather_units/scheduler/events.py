"""Events about changes: of a job, the list of jobs, the scheduler's switch, the services."""

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
    """A job was removed from the list."""

    queue_id: str


class Subject(StrEnum):
    """Something else that may have changed: a subscriber reads it again."""

    SCHEDULER = "scheduler"
    SERVICES = "services"
    PROJECTS = "projects"
    RUNS = "runs"
    HISTORY = "history"
    """Many ended jobs were removed or restored."""


Event = Job | Removed | Subject
Listener = Callable[[Job], None]
Watcher = Callable[[Event], None]


class EventBus:
    """Calls its subscribers with each event, on the thread that publishes it: they must return at once."""

    def __init__(self) -> None:
        self._watchers: set[Watcher] = set()
        self._lock = threading.Lock()

    @contextmanager
    def subscribed_to_jobs(self, listener: Listener) -> Iterator[None]:
        """Call `listener` with each new state of a job inside the `with`."""

        def jobs_alone(change: Event) -> None:
            if isinstance(change, Job):
                listener(change)

        with self.subscribed(jobs_alone):
            yield

    @contextmanager
    def subscribed(self, watcher: Watcher) -> Iterator[None]:
        """Call `watcher` with each event inside the `with`."""
        with self._lock:
            self._watchers.add(watcher)
        try:
            yield
        finally:
            with self._lock:
                self._watchers.discard(watcher)

    def publish(self, change: Event) -> None:
        with self._lock:
            watchers = tuple(self._watchers)
        for watcher in watchers:
            try:
                watcher(change)
            except Exception:
                log.exception("a listener failed on %s", change)
