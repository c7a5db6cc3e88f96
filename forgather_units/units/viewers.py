"""Our units as the scheduler sees them: start, stop, kill, look at, forget. No job's fate is decided here."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from signal import SIGKILL
from typing import Any

from forgather_units.domain.job import Job
from forgather_units.units.bus import ManagerBus
from forgather_units.units.exit_record import ExitRecord, exit_of_properties, read_exit_record
from forgather_units.units.service import ServiceMaker, carried_job

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alive:
    """The unit is loaded and not over. `pid` is None before it has forked and while it stops."""

    invocation_id: str
    pid: int | None
    active_since: float | None
    """Seconds since the epoch."""
    stopping: bool


@dataclass(frozen=True, slots=True)
class Over:
    """The unit ran and ended so."""

    record: ExitRecord


@dataclass(frozen=True, slots=True)
class Gone:
    """systemd knows nothing of it, and it left no word: a reboot, a crash of the manager, or it never was."""


UnitState = Alive | Over | Gone

_LIVING = ("active", "activating", "reloading", "deactivating", "refreshing")
_READ = (
    "LoadState",
    "ActiveState",
    "Job",
    "InvocationID",
    "ActiveEnterTimestamp",
    "InactiveEnterTimestamp",
    "MainPID",
    "Result",
    "ExecMainCode",
    "ExecMainStatus",
)


class Viewers:
    """The units of our jobs. Belongs to one thread (its bus does). Raises Unavailable when the manager is away."""

    def __init__(self, bus: ManagerBus, maker: ServiceMaker) -> None:
        self._bus = bus
        self._maker = maker

    def start(self, job: Job, port: int) -> None:
        """Start the job's service. Raises UnitRefused with systemd's own sentence."""
        self._maker.exits_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._bus.start_transient(self._unit(job.queue_id), self._maker.properties(job, port))

    def stop(self, queue_id: str) -> bool:
        """SIGTERM, then what systemd does. False where there is nothing to stop."""
        return self._bus.stop(self._unit(queue_id))

    def kill(self, queue_id: str) -> bool:
        """SIGKILL to every process of it. False where there is nothing to kill."""
        return self._bus.kill(self._unit(queue_id), SIGKILL)

    def look(self, queue_id: str) -> UnitState:
        """What is true of it now."""
        properties = self._bus.properties(self._unit(queue_id), _READ)
        loaded = properties["LoadState"] == "loaded"
        # A unit whose start is still pending counts as inactive, and is not over.
        if loaded and (properties["ActiveState"] in _LIVING or properties["Job"][0]):
            return _alive(properties)
        record = read_exit_record(self._maker.exits_dir / queue_id)
        if record is not None:
            return Over(record)
        return Over(exit_of_properties(properties, time.time())) if loaded else Gone()

    def forget(self, queue_id: str) -> None:
        """Leave nothing of an ended one loaded, nor its word on disk: it is in the history by now."""
        self._bus.reset_failed(self._unit(queue_id))
        (self._maker.exits_dir / queue_id).unlink(missing_ok=True)

    def found(self) -> list[tuple[Job, int]]:
        """The jobs that our loaded units carry, with their ports."""
        jobs = []
        for unit in self._bus.units(self._maker.names.pattern):
            queue_id = self._maker.names.queue_id(unit)
            carried = carried_job(self._bus.properties(unit, ["Environment"])["Environment"]) if queue_id else None
            if carried is not None and carried[0].queue_id == queue_id:
                jobs.append(carried)
        return jobs

    def _unit(self, queue_id: str) -> str:
        return self._maker.names.service(queue_id)


def _alive(properties: dict[str, Any]) -> Alive:
    return Alive(
        invocation_id=bytes(properties["InvocationID"] or []).hex(),
        pid=properties["MainPID"] or None,
        active_since=properties["ActiveEnterTimestamp"] / 1e6 or None,
        stopping=properties["ActiveState"] == "deactivating",
    )
