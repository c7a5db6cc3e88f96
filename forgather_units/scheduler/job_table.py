"""The jobs that have not ended, in memory; ended jobs are in the store. Only the scheduler's thread changes it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from forgather_units.domain.errors import NotFound, Unavailable
from forgather_units.domain.job import Job, Queued
from forgather_units.domain.job_query import JobPage, JobQuery
from forgather_units.scheduler.events import Event, EventBus, Removed, Subject
from forgather_units.store.history import Retention
from forgather_units.store.jobs import JobStore

log = logging.getLogger(__name__)

# More removals, or restored jobs, than this are published as one event about the history.
_TOLD_ONE_BY_ONE: Final = 50


class JobTable:
    """Jobs by id. Reading copies the dict in one step of the interpreter, so that readers need no lock.

    A job that ends is saved before it is removed from memory, so that a reader that searches here first and then in
    the store finds it in one of them. Reads of ended jobs raise Unavailable if the store cannot be read.
    """

    def __init__(self, store: JobStore, events: EventBus) -> None:
        self._store = store
        self._events = events
        self._jobs: dict[str, Job] = {}
        """Jobs that have not ended, and jobs whose end is not saved."""
        self._unsaved: set[str] = set()
        self._unsavable: dict[str, Exception] = {}
        """The store's error for one job's record. It does not affect or delay other records."""
        # The current instance of each declared service, by the prefix of its addresses: read for each request.
        self._instances: dict[str, str] = {}

    def load(self) -> None:
        outside = self._store.kept_outside()
        self._jobs = {job.queue_id: job for job in (*self._store.load(), *outside)}
        self._unsaved = {job.queue_id for job in outside}
        self._instances = self._store.last_instances()
        self._find_instances(job.path_prefix for job in self.present() if job.submission.service)

    def get(self, queue_id: str) -> Job | None:
        return self._jobs.get(queue_id) or self._store.find(queue_id)

    def live(self, queue_id: str) -> Job | None:
        """The job, if it is in memory: any that has not ended. Does not read the store, so it raises nothing."""
        return self._jobs.get(queue_id)

    def need(self, queue_id: str) -> Job:
        """The job; raises NotFound."""
        job = self.get(queue_id)
        if job is None:
            raise NotFound(f"no such job: {queue_id}")
        return job

    def instance(self, prefix: str) -> Job | None:
        """The instance of the declared service with these addresses: its live job, else its latest one."""
        queue_id = self._instances.get(prefix)
        return self.get(queue_id) if queue_id else None

    def present(self) -> list[Job]:
        """All jobs that have not ended, and those whose end is not saved."""
        return list(self._jobs.values())

    def page(self, query: JobQuery) -> JobPage:
        """The jobs that match: on the first page those that have not ended, newest first; then the ended ones."""
        before = self._jobs.copy()
        page = self._store.page(query)
        if not query.wants_present:
            return page
        found = self._jobs.copy()
        # A job that ended, or was queued again, between these two reads is in only one of them.
        for queue_id in before.keys() - found.keys() - {job.queue_id for job in page.jobs}:
            if (job := self._store.find(queue_id)) is not None:
                found[queue_id] = job
        live = sorted(
            filter(query.accepts, found.values()), key=lambda job: (job.is_ended, -job.submitted_at, job.queue_id)
        )
        ended = [job for job in page.jobs if job.queue_id not in found]
        return replace(page, jobs=[*live, *ended], total=page.total + len(live))

    def ended_by_status(self, owners: Sequence[str] | None = None) -> dict[str, int]:
        """Number of ended jobs of these owners (None: of all) in the store, by status."""
        return self._store.ended_by_status(owners)

    def queued(self) -> list[Job]:
        return [job for job in self.present() if isinstance(job.state, Queued)]

    def active(self) -> list[Job]:
        return [job for job in self.present() if job.is_active]

    def accept(self, job: Job) -> None:
        """Put a job into a requested state. Raises Unavailable, and changes nothing, if the store cannot save it."""
        self._store.save(job)
        self._unsaved.discard(job.queue_id)
        self._show(job)

    def note(self, job: Job) -> None:
        """Record the state that a job already has: visible at once, saved as soon as the store accepts it.

        Raises, after the state is visible, what the store raises for this job's record (never Unavailable).
        """
        self._unsaved.add(job.queue_id)
        self._show(job)
        self.save_unsaved()
        if (why := self._unsavable.pop(job.queue_id, None)) is not None:
            raise why

    def show(self, job: Job) -> None:
        """Publish a state without saving it: what a queued job waits for."""
        if self._jobs.get(job.queue_id) != job:
            self._show(job)

    def is_saved(self, queue_id: str) -> bool:
        """Whether the store has the job's current state."""
        return queue_id not in self._unsaved

    def save_unsaved(self) -> bool:
        """Save all unsaved states; whether the store has all of them now."""
        for queue_id in sorted(self._unsaved):
            job = self._jobs.get(queue_id)
            self._unsavable.pop(queue_id, None)
            try:
                if job is not None:
                    self._store.save(job)
            except Unavailable as why:
                log.error("%s could not be saved, will be tried again: %s", queue_id, why)
                self._keep_outside()
                return False
            except Exception as why:
                log.exception("the record of %s cannot be saved", queue_id)
                self._unsavable[queue_id] = why
                self._unsaved.discard(queue_id)
                # It stays in memory: the store has an earlier state of the job, or none.
                continue
            self._unsaved.discard(queue_id)
            if job is not None:
                self._leave_if_ended(job)
        return True

    def _keep_outside(self) -> None:
        for queue_id in self._unsaved:
            if (job := self._jobs.get(queue_id)) is not None:
                self._store.keep_outside(job)

    def remove(self, queue_ids: Iterable[str], now: float | None = None) -> list[str]:
        """Remove these jobs; the ids of those that existed. If `now` is given, `restore` brings them back."""
        names = list(queue_ids)
        removed = self._store.remove(names, now)
        gone = {queue_id for queue_id, _ in removed} | {name for name in names if self._jobs.pop(name, None)}
        self._find_instances(service for _, service in removed if service)
        self._publish([Removed(queue_id) for queue_id in sorted(gone)])
        return sorted(gone)

    def restore(self, queue_ids: Sequence[str], owners: Sequence[str] | None, since: float) -> list[str]:
        """Bring back the jobs of these owners (None: of all) that were removed after `since`; their ids."""
        found = self._store.removed(queue_ids, since)
        jobs = [job for job in found if owners is None or job.submission.owner in owners]
        self._store.restore(jobs)
        self._find_instances(job.path_prefix for job in jobs if job.submission.service)
        self._publish(jobs)
        return [job.queue_id for job in jobs]

    def forget_removed(self, before: float, most: int) -> int:
        """Delete up to `most` records of jobs that were removed before `before`; their number."""
        return self._store.forget_removed(before, most)

    def remove_ended(
        self, owners: Sequence[str] | None, before: float | None, most: int, now: float | None = None
    ) -> list[str]:
        """Remove up to `most` jobs of these owners (None: of all) that ended before `before`; their ids."""
        return self.remove(self._store.ended(owners, before, most), now)

    def remove_expired(self, retention: Retention, now: float, most: int) -> list[str]:
        """Remove up to `most` of the ended jobs that exceed the limits; their ids."""
        return self.remove(self._store.expired(retention, now, most))

    def _publish(self, events: Sequence[Event]) -> None:
        """Publish changes of ended jobs, many as one event."""
        for event in [Subject.HISTORY] if len(events) > _TOLD_ONE_BY_ONE else events:
            self._events.publish(event)

    def _show(self, job: Job) -> None:
        self._jobs[job.queue_id] = job
        self._leave_if_ended(job)
        if job.submission.service:
            self._find_instances([job.path_prefix])
        self._events.publish(job)

    def _leave_if_ended(self, job: Job) -> None:
        if job.is_ended and job.queue_id not in self._unsaved:
            self._jobs.pop(job.queue_id, None)

    def _find_instances(self, prefixes: Iterable[str]) -> None:
        """Update the current instances of the services with these addresses."""
        for prefix in set(prefixes):
            instances = [job for job in self.present() if job.submission.service and job.path_prefix == prefix]
            alive = [job for job in instances if not job.is_ended]
            if alive:
                self._instances[prefix] = max(alive, key=lambda job: job.submitted_at).queue_id
                continue
            try:
                last = self._store.last_instance(prefix)
            except Unavailable as why:
                log.error("the last instance of %s is not known: %s", prefix, why)
                continue
            if last is not None:
                self._instances[prefix] = last
            elif not instances:
                self._instances.pop(prefix, None)
