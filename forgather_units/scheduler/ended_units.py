"""Resets units of ended jobs in systemd once the job's end is saved."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Final

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Job
from forgather_units.scheduler.actor import Actor
from forgather_units.scheduler.job_table import JobTable
from forgather_units.units.control import Alive, Asleep, Restarting, Viewers

log = logging.getLogger(__name__)

# After the store or the service manager was unavailable (seconds).
_RETRY_PAUSE: Final = 2.0


class EndedUnits:
    """Removes the units of ended jobs. Runs on the actor's thread."""

    def __init__(self, table: JobTable, viewers: Viewers, actor: Actor) -> None:
        self._table = table
        self._viewers = viewers
        self._actor = actor
        self._to_forget: set[str] = set()
        """Jobs whose units systemd still has."""
        self._retry_planned = False

    def forget(self, queue_ids: Iterable[str]) -> None:
        """Have systemd forget the units of these ended jobs, each after its end is saved. Raises nothing."""
        self._to_forget.update(queue_ids)
        self._forget_saved()

    def clear(self, job: Job) -> bool:
        """Remove the units that an ended job still has; whether one of them ran or slept. Raises Unavailable."""
        if not self._viewers.is_there(job):
            # A socket that closes after its viewer writes its record after the end is recorded.
            self._viewers.drop_records(job)
            return False
        match self._viewers.look(job):
            case Asleep() | Alive(stopping=False) | Restarting():
                return self._viewers.stop(job)
            case Alive():
                pass
            case _:
                self._viewers.forget(job)
        return False

    def _forget_saved(self) -> None:
        retry = not self._table.save_unsaved()
        for queue_id in sorted(filter(self._table.is_saved, self._to_forget)):
            try:
                job = self._table.get(queue_id)
                # A job that was queued again has a new unit of the same name.
                if job is not None and job.is_ended:
                    self._viewers.forget(job)
            except Unavailable as why:
                log.warning("the units of %s could not be removed, will be tried again: %s", queue_id, why)
                retry = True
                continue
            except Exception:
                log.exception("the units of %s could not be removed", queue_id)
            self._to_forget.discard(queue_id)
        if retry and not self._retry_planned:
            self._retry_planned = True
            self._actor.after(_RETRY_PAUSE, self._retry)

    def _retry(self) -> None:
        self._retry_planned = False
        self._forget_saved()
