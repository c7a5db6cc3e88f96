"""All units of this server from one call, to find those that need an inspection."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from forgather_units.domain.job import Job, Sleeping
from forgather_units.systemd.manager import UnitRow
from forgather_units.systemd.names import UnitNames


@dataclass(frozen=True, slots=True)
class Survey:
    """Our loaded units, by name."""

    names: UnitNames
    rows: Mapping[str, UnitRow]

    @classmethod
    def of(cls, names: UnitNames, rows: Iterable[UnitRow]) -> Survey:
        return cls(names, {row.name: row for row in rows})

    def services_of_others(self, jobs: Iterable[Job]) -> list[tuple[str, str]]:
        """Queue id and unit name of each service that belongs to no job in `jobs`."""
        known = {job.queue_id for job in jobs}
        found = [(self.names.queue_id(unit), unit) for unit in self.rows if unit.endswith(".service")]
        return [(queue_id, unit) for queue_id, unit in found if queue_id and queue_id not in known]

    def sleeps(self, job: Job) -> bool:
        """Whether the units match the job's recorded Sleeping state, so that an inspection would find nothing new."""
        if not isinstance(job.state, Sleeping) or job.stop_requested:
            return False
        service, socket = self.rows.get(self.names.service(job)), self.rows.get(self.names.socket(job))
        if service is None or socket is None or service.has_job or socket.has_job:
            return False
        return (service.active, service.sub) == ("inactive", "dead") and (socket.active, socket.sub) == (
            "active",
            "listening",
        )
