"""JSON of jobs: the record and values derived from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from forgather_units.api.permission import owner_of
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.domain.record import Record, item_of, record_of
from forgather_units.domain.scope import Scope
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.systemd.accounting import Accounting
from forgather_units.systemd.names import UnitNames

_INTERNAL: Final = ("boot_id", "folder_notice", "read_only_paths", "signature")
"""Fields of a record that only the server needs; `notices` contains the folder notice."""


class JobJson:
    """Renders jobs as JSON-ready mappings."""

    def __init__(self, scope: Scope, names: UnitNames, accounting: Accounting) -> None:
        self._scope = scope
        self._names = names
        self._accounting = accounting

    def item(self, job: Job) -> dict[str, Any]:
        """An entry of the queue: the item and what it waits for."""
        return {
            **_public(item_of(job)),
            **self._shared(job),
            "status": job.status,
            "waits_for": record_of(job)["waits_for"],
        }

    def job(self, job: Job) -> dict[str, Any]:
        """A job: the record's fields, then `id`, `host`, `alive`, `source` (as in Forgather), then additional ones."""
        return {
            **(record := _public(record_of(job))),
            **self._shared(job),
            "notices": [*record["notices"], *([job.folder_notice] if job.folder_notice else [])],
            "id": job.queue_id,
            "host": job.submission.options.address,
            "alive": job.is_active,
            "source": "queue",
            "job_id": job.queue_id,
            "tty_log_path": self.journalctl(job),
            "unit": self._names.service(job),
            "socket_unit": self._names.socket(job) if job.has_socket else None,
            "scope": self._scope.value,
            "usage": self.usage(job),
        }

    def journalctl(self, job: Job) -> str:
        """The command that prints its output.

        Forgather's page offers the output of jobs with a `tty_log_path` alone.
        """
        return f"journalctl {self._scope.flag} --unit {self._names.service(job)}"

    @staticmethod
    def _shared(job: Job) -> dict[str, Any]:
        return {"owner": owner_of(job), "title": job.title, "url": f"{job.path_prefix}/"}

    def usage(self, job: Job) -> dict[str, Any] | None:
        """Its current resource usage; None if it has no process."""
        if not isinstance(job.state, Starting | Running):
            return None
        usage = self._accounting.usage(job)
        return asdict(usage) if usage else None

    @staticmethod
    def scheduler(scheduler: Scheduler) -> dict[str, Any]:
        """The scheduler's switch and counters."""
        now = scheduler.status()
        return {
            "enabled": now.enabled,
            "tick_count": now.dispatch_count,
            "last_tick_at": now.last_dispatch_at,
            "running_count": sum(job.is_active for job in scheduler.jobs()),
            "queued_count": len(scheduler.queue()),
        }


def _public(record: Record) -> Record:
    """Without the fields for the server alone, and with the number of paths behind a logdir's links in place of the
    paths: lists of jobs are requested often."""
    shown = {name: value for name, value in record.items() if name not in _INTERNAL}
    return {**shown, "read_only_path_count": len(record["read_only_paths"])}
