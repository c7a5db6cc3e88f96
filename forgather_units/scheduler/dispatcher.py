"""Carries out the plan: starts the jobs that may start, and shows what the others wait for."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import Final

from forgather_units.domain.job import Queued
from forgather_units.scheduler.actor import Actor
from forgather_units.scheduler.job_table import JobTable
from forgather_units.scheduler.planner import Ports, plan
from forgather_units.scheduler.unit_runner import UnitRunner

# No event reports that another process has freed a port, so this one thing is polled (seconds).
_FOREIGN_PORT_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class SchedulerStatus:
    """Whether the dispatch is enabled, how many dispatches there were, and when the last one was (epoch seconds)."""

    enabled: bool
    dispatch_count: int
    last_dispatch_at: float | None


class Dispatcher:
    """Dispatches when it is `wanted`. Runs on the actor's thread."""

    def __init__(
        self, table: JobTable, units: UnitRunner, ports: Ports, actor: Actor, wanted: threading.Event, max_running: int
    ) -> None:
        self._table = table
        self._units = units
        self._ports = ports
        self._actor = actor
        self._wanted = wanted
        self.max_running = max_running
        self.enabled = True
        self._foreign_poll = False
        self._dispatch_count = 0
        self._last_dispatch_at: float | None = None

    @property
    def status(self) -> SchedulerStatus:
        return SchedulerStatus(self.enabled, self._dispatch_count, self._last_dispatch_at)

    def dispatch(self) -> None:
        """Dispatch now, and again as long as that is wanted. Raises nothing: an error for a job fails only that job.

        A start that fails ends its job, so another one may start: the present plan is carried out first (its jobs are
        read again), and then a new one is made.
        """
        self._wanted.set()
        self.dispatch_if_wanted()

    def dispatch_if_wanted(self) -> None:
        """Dispatch as long as that is wanted. Raises nothing."""
        while self._wanted.is_set():
            self._wanted.clear()
            self._dispatch_once()

    def _dispatch_once(self) -> None:
        self._dispatch_count += 1
        self._last_dispatch_at = time.time()
        steps = plan(
            self._table.queued(),
            self._table.active(),
            self._ports,
            enabled=self.enabled,
            max_running=self.max_running,
        )
        for queue_id, reason in steps.waits.items():
            if queue_id in steps.waits_for_foreign:
                # Its port may be held by its own socket.
                self._units.adopt_own_units(queue_id)
            job = self._table.live(queue_id)
            if job is not None and isinstance(job.state, Queued):
                self._table.show(job.now(Queued(reason)))
        for queue_id, why in steps.fails.items():
            self._units.fail(queue_id, "planned", why)
        for planned, port in steps.starts:
            job = self._table.live(planned.queue_id)
            if job is not None and isinstance(job.state, Queued):
                self._units.start(job, port)
        if steps.waits_for_foreign and not self._foreign_poll:
            self._foreign_poll = True
            self._actor.after(_FOREIGN_PORT_PAUSE, self._poll_foreign)

    def _poll_foreign(self) -> None:
        self._foreign_poll = False
        self._wanted.set()
