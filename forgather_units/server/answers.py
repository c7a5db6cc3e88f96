"""What the API says of a job: its record, and what a client would otherwise have to work out."""

from __future__ import annotations

from typing import Any

from forgather_units.domain.job import Job
from forgather_units.domain.record import item_of, record_of
from forgather_units.units.names import UnitNames
from forgather_units.units.scope import Scope


class Answers:
    """Renders jobs as JSON-ready mappings."""

    def __init__(self, scope: Scope, names: UnitNames) -> None:
        self._scope = scope
        self._names = names

    def item(self, job: Job) -> dict[str, Any]:
        """A line of the queue: the item, and what it waits for."""
        record = record_of(job)
        return {**item_of(job), "status": record["status"], "waits_for": record["waits_for"]}

    def job(self, job: Job) -> dict[str, Any]:
        """A job: the record's fields, then `id`, `host`, `alive`, `source` (as in Forgather), then ours."""
        return {
            **record_of(job),
            "id": job.queue_id,
            "host": job.submission.options.address,
            "alive": job.is_active,
            "source": "queue",
            "title": job.title,
            "url": f"{job.path_prefix}/",
            "unit": self._names.service(job.queue_id),
            "scope": self._scope.value,
        }
