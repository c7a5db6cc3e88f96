"""Jobs that were put to sleep or restarted on request, and will be reachable again soon.

Requests for such a job wait, instead of failing, until it sleeps (the next connection wakes it) or is placed again.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from forgather_units.domain.job import Active, Job, Queued, Running
from forgather_units.scheduler.events import EventBus

WITHIN: Final = 30.0
"""Seconds after which a job that is not reachable again is treated as any other."""


@dataclass(frozen=True, slots=True)
class _Expected:
    until: float
    restarts: bool
    invocation_id: str


class Returning:
    """Any thread may read; the scheduler's thread records each order before it acts. `clock` as time.monotonic()."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._expected: dict[str, _Expected] = {}

    def __len__(self) -> int:
        return len(self._expected)

    def falls_asleep(self, job: Job) -> None:
        """The scheduler is about to stop its process; its socket stays."""
        self._expect(job, restarts=False)

    def restarts(self, job: Job) -> None:
        """The scheduler is about to stop its unit and create a new one."""
        self._expect(job, restarts=True)

    def includes(self, job: Job) -> bool:
        """Whether this job, in its current state, is expected to be reachable again."""
        expected = self._expected.get(job.queue_id)
        if expected is None:
            return False
        if self._clock() < expected.until and not _is_back(job, expected):
            return True
        self._expected.pop(job.queue_id, None)
        return False

    def awaited(
        self, events: EventBus, order: Callable[[], str], job: Callable[[], Job | None]
    ) -> tuple[str, Job | None]:
        """Give the order, and wait until the job is reachable again; the order's result, and the job then."""
        changed = threading.Event()
        with events.subscribed_to_jobs(lambda changed_job: changed.set()):
            said, deadline = order(), self._clock() + WITHIN
            while (now := job()) is not None and self.includes(now):
                changed.wait(max(0.0, deadline - self._clock()))
                changed.clear()
        return said, now

    def _expect(self, job: Job, *, restarts: bool) -> None:
        now = self._clock()
        for queue_id, expected in tuple(self._expected.items()):
            if expected.until <= now:
                self._expected.pop(queue_id, None)
        self._expected[job.queue_id] = _Expected(now + WITHIN, restarts, job.invocation_id)


def _is_back(job: Job, expected: _Expected) -> bool:
    if not expected.restarts:
        # A job that is woken at once may never be seen asleep: then its invocation id has changed.
        return not isinstance(job.state, Running) or job.invocation_id != expected.invocation_id
    if job.restart_requested:
        return False
    if isinstance(job.state, Active):
        return job.has_socket or isinstance(job.state, Running)
    return not isinstance(job.state, Queued)
