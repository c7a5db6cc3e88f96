"""Compares the job table with systemd's units: after a start of the server, and when signals may have been missed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from forgather_units.scheduler.ended_units import EndedUnits
from forgather_units.scheduler.job_table import JobTable
from forgather_units.scheduler.unit_runner import UnitRunner
from forgather_units.units.control import Viewers


class Reconciler:
    """Adopts units of unknown jobs, and inspects those of known jobs. Runs on the actor's thread."""

    def __init__(self, table: JobTable, viewers: Viewers, units: UnitRunner, ended: EndedUnits) -> None:
        self._table = table
        self._viewers = viewers
        self._units = units
        self._ended = ended

    def resync(self) -> int:
        """Run all checks, and remove unused scripts.

        How many jobs turned out to have ended, plus how many ended jobs had units that still ran (these are stopped).
        Raises Unavailable.
        """
        found = sum(check() for check in self.checks())
        self._viewers.remove_unused_scripts()
        return found

    def checks(self) -> list[Callable[[], bool]]:
        """The checks as short tasks, one for each job that does not sleep as the table says. Raises Unavailable."""
        self._ended.forget(job.queue_id for job in self._table.present() if job.is_ended)
        survey, active = self._viewers.survey(), self._table.active()
        return [
            *(partial(self._check_unit, queue_id, unit) for queue_id, unit in survey.services_of_others(active)),
            *(partial(self._check_job, job.queue_id) for job in active if not survey.sleeps(job)),
        ]

    def _check_unit(self, queue_id: str, unit: str) -> bool:
        """Check a unit of no active job. True if it belonged to an ended job and still ran."""
        with self._units.failing_alone(queue_id, "adopted"):
            known = self._table.get(queue_id)
            if known is not None and known.is_ended:
                return self._ended.clear(known)
            if (known is None or not known.is_active) and (carried := self._viewers.carried_by(unit, queue_id)):
                self._units.adopt(*carried)
                self._check_job(queue_id)
        return False

    def _check_job(self, queue_id: str) -> bool:
        """True if the job turns out to have ended."""
        before = self._table.live(queue_id)
        if before is None or not before.is_active:
            return False
        self._units.resume(queue_id)
        job = self._table.live(queue_id)
        return job is None or job.is_ended
