"""All jobs that we know, in memory and in the store. Changed by the scheduler's thread, read by all."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from forgather_units.domain.errors import NotFound, Unavailable
from forgather_units.domain.job import Job, Queued
from forgather_units.scheduler.changes import Changes, Removed
from forgather_units.store.jobs import JobStore

log = logging.getLogger(__name__)


class Roster:
    """Jobs by id. Reading copies the dict in one step of the interpreter, so that readers need no lock."""

    def __init__(self, store: JobStore, changes: Changes) -> None:
        self._store = store
        self._changes = changes
        self._jobs: dict[str, Job] = {}
        self._unsaved: set[str] = set()
        # The present instance of each declared service, by the prefix of its addresses: asked at every click.
        self._instances: dict[str, str] = {}

    def load(self) -> None:
        self._jobs = {job.queue_id: job for job in self._store.load()}
        self._find_instances(self.all())

    def get(self, queue_id: str) -> Job | None:
        return self._jobs.get(queue_id)

    def need(self, queue_id: str) -> Job:
        """The job; raises NotFound."""
        job = self._jobs.get(queue_id)
        if job is None:
            raise NotFound(f"no such job: {queue_id}")
        return job

    def instance(self, prefix: str) -> Job | None:
        """The instance of the declared service with these addresses: the one that has not ended, else the last one."""
        return self._jobs.get(self._instances.get(prefix, ""))

    def all(self) -> list[Job]:
        return list(self._jobs.values())

    def queued(self) -> list[Job]:
        return [job for job in self.all() if isinstance(job.state, Queued)]

    def active(self) -> list[Job]:
        return [job for job in self.all() if job.is_active]

    def ended(self) -> list[Job]:
        return [job for job in self.all() if job.is_ended]

    def accept(self, job: Job) -> None:
        """A job in a state that somebody asked for. Raises Unavailable, with nothing changed, if it cannot be kept."""
        self._store.save(job)
        self._show(job)

    def note(self, job: Job) -> None:
        """A job in a state that is so already: shown at once, and saved as soon as the store takes it."""
        self._show(job)
        self._unsaved.add(job.queue_id)
        self.save_unsaved()

    def show(self, job: Job) -> None:
        """A change that is worth showing and not worth keeping: what a queued job waits for."""
        if self._jobs.get(job.queue_id) != job:
            self._show(job)

    def is_saved(self, queue_id: str) -> bool:
        """Whether the store has its present state."""
        return queue_id not in self._unsaved

    def save_unsaved(self) -> bool:
        """Whether everything is in the store by now."""
        for queue_id in sorted(self._unsaved):
            job = self._jobs.get(queue_id)
            try:
                if job is not None:
                    self._store.save(job)
            except Unavailable as why:
                log.error("%s could not be saved, will be tried again: %s", queue_id, why)
                return False
            self._unsaved.discard(queue_id)
        return True

    def remove(self, queue_ids: Iterable[str]) -> None:
        names = list(queue_ids)
        self._store.remove(names)
        gone = [job for queue_id in names if (job := self._jobs.pop(queue_id, None)) is not None]
        self._find_instances(gone)
        for job in gone:
            self._changes.tell(Removed(job.queue_id))

    def _show(self, job: Job) -> None:
        self._jobs[job.queue_id] = job
        self._find_instances([job])
        self._changes.tell(job)

    def _find_instances(self, changed: Iterable[Job]) -> None:
        """Of the services that these are, or were, instances of."""
        for prefix in {job.path_prefix for job in changed if job.submission.service}:
            instances = [job for job in self.all() if job.submission.service and job.path_prefix == prefix]
            if instances:
                present = max(instances, key=lambda job: (not job.is_ended, job.submitted_at))
                self._instances[prefix] = present.queue_id
            else:
                self._instances.pop(prefix, None)
