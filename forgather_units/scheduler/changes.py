"""Who wants to know that a job changed."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from forgather_units.domain.job import Job

log = logging.getLogger(__name__)

Listener = Callable[[Job], None]


class Changes:
    """Calls its listeners with each new state of a job, on the scheduler's thread: they must return at once."""

    def __init__(self) -> None:
        self._listeners: set[Listener] = set()
        self._lock = threading.Lock()

    @contextmanager
    def listening(self, listener: Listener) -> Iterator[None]:
        """`listener` hears of every change inside the `with`."""
        with self._lock:
            self._listeners.add(listener)
        try:
            yield
        finally:
            with self._lock:
                self._listeners.discard(listener)

    def tell(self, job: Job) -> None:
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            try:
                listener(job)
            except Exception:
                log.exception("a listener failed on %s", job.queue_id)
