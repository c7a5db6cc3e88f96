"""Our units as the scheduler sees them: start, wake, stop, kill, look at, forget. No job's fate is decided here."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from signal import SIGKILL, SIGTERM
from typing import Any

from forgather_units.domain.job import Job
from forgather_units.domain.placement import Placed
from forgather_units.domain.viewer import Kinds
from forgather_units.units.bus import ManagerBus, UnitRefused
from forgather_units.units.exit_record import ExitRecord, exit_of_properties, read_exit_record
from forgather_units.units.service import ServiceMaker, carried_job

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Alive:
    """The unit is loaded and not over. `pid` is None before it has forked and while it stops."""

    invocation_id: str
    pid: int | None
    since: float | None
    """When this run began, seconds since the epoch."""
    active_since: float | None
    """When systemd counted it as started: behind a socket, when it answered."""
    restarts: int


@dataclass(frozen=True, slots=True)
class Restarting:
    """It failed, and systemd is about to start it again."""

    record: ExitRecord


@dataclass(frozen=True, slots=True)
class Asleep:
    """No process; systemd listens for it."""

    since: float


@dataclass(frozen=True, slots=True)
class Over:
    """The unit ran and ended so. `holds_port`: its socket is still there, and would start it again."""

    record: ExitRecord
    holds_port: bool = False


@dataclass(frozen=True, slots=True)
class PortTaken:
    """The socket could not have its address: nothing was started."""


@dataclass(frozen=True, slots=True)
class Gone:
    """systemd knows nothing of it, and it left no word: a reboot, a crash of the manager, or it never was."""


UnitState = Alive | Restarting | Asleep | Over | PortTaken | Gone

_START_LIMIT = "start-limit-hit"
_LIVING = ("active", "activating", "reloading", "deactivating", "refreshing")
_READ = (
    "LoadState",
    "ActiveState",
    "SubState",
    "Job",
    "InvocationID",
    "ActiveEnterTimestamp",
    "InactiveExitTimestamp",
    "InactiveEnterTimestamp",
    "MainPID",
    "NRestarts",
    "Result",
    "ExecMainCode",
    "ExecMainStatus",
)
_READ_SOCKET = ("LoadState", "ActiveState", "Job", "Result", "InactiveEnterTimestamp")

Resolve = Callable[[str, int], Sequence[tuple[str, int]]]
"""The numeric addresses and ports to listen on for an address and a port."""


class Viewers:
    """The units of our jobs. Belongs to one thread (its bus does). Raises Unavailable when the manager is away."""

    def __init__(self, bus: ManagerBus, maker: ServiceMaker, resolve: Resolve, kinds: Kinds) -> None:
        self._bus = bus
        self._maker = maker
        self._resolve = resolve
        self._kinds = kinds

    def start(self, job: Job, port: int | None) -> Placed:
        """Start the job's units; how they were placed. Raises UnitRefused with systemd's own sentence."""
        self._maker.exits_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._unlink_records(job.queue_id)
        self._maker.prepare(job)
        listen = self._resolve(job.submission.options.address, port) if port else ()
        planned = self._maker.plan(job, port, listen)
        self._bus.start_transient(planned.first, planned.units)
        if planned.then:
            self._bus.start(planned.then)
        return planned.placed

    def wake(self, job: Job) -> None:
        """Start the service of a sleeping one. Raises UnitRefused."""
        self._bus.start(self._service(job))

    def put_to_sleep(self, job: Job) -> bool:
        """End the service of one with a socket as if it had been idle. False where there is nothing to end.

        By a signal, not by a stop job: that would mean the end of it all.
        """
        return self._bus.kill(self._service(job), SIGTERM, whom="main")

    def stop(self, job: Job) -> bool:
        """SIGTERM, then what systemd does; its port is free then. False where there is nothing to stop."""
        # The socket first: a request that waits in it would start the service again.
        closed = self._bus.stop(self._socket(job))
        return self._bus.stop(self._service(job)) or closed

    def kill(self, job: Job) -> bool:
        """SIGKILL to every process of it; its port is free then. False where there is nothing to kill."""
        closed = self._bus.stop(self._socket(job))
        return self._bus.kill(self._service(job), SIGKILL) or closed

    def is_there(self, job: Job) -> bool:
        """Whether any of its units is loaded. Unlike `look` it makes no noise, which would call for the next look."""
        return any(map(self._bus.is_loaded, (self._socket(job), self._service(job))))

    def look(self, job: Job) -> UnitState:
        """What is true of it now."""
        service = self._bus.properties(self._service(job), _READ)
        # After a reload that did not go well (`bad-setting`) it still runs.
        loaded = service["LoadState"] != "not-found"
        record = read_exit_record(self._maker.exit_file(job.queue_id))
        if loaded and service["SubState"].startswith("auto-restart"):
            return Restarting(record or exit_of_properties(service, time.time()))
        # A unit whose start is still pending counts as inactive, and is not over.
        if loaded and (service["ActiveState"] in _LIVING or service["Job"][0]):
            return _alive(service)
        socket = self._bus.properties(self._socket(job), _READ_SOCKET)
        if socket["LoadState"] == "loaded" and (socket["ActiveState"] != "inactive" or socket["Job"][0]):
            return self._look_at_socket(socket, service, record)
        told = read_exit_record(self._maker.socket_exit_file(job.queue_id))
        if told is not None and (record is None or record.result == "success"):
            # It slept (or was put to sleep) when its socket was stopped.
            return Over(replace(record or told, stopped=told.stopped, at=told.at))
        if record is not None:
            return Over(record)
        return Over(exit_of_properties(service, time.time())) if loaded else Gone()

    def _look_at_socket(self, socket: dict[str, Any], service: dict[str, Any], record: ExitRecord | None) -> UnitState:
        if socket["ActiveState"] == "failed":
            if socket["Result"] == "resources" and record is None:
                return PortTaken()
            last = record or exit_of_properties(service, time.time())
            return Over(replace(last, result=socket["Result"], at=socket["InactiveEnterTimestamp"] / 1e6 or last.at))
        if service["ActiveState"] == "failed":
            last = record or exit_of_properties(service, time.time())
            # A start that was refused leaves no word of its own: the last one is of the run before.
            refused = service["Result"] == _START_LIMIT
            return Over(replace(last, result=_START_LIMIT) if refused else last, holds_port=True)
        return Asleep(service["InactiveEnterTimestamp"] / 1e6 or time.time())

    def forget(self, job: Job) -> None:
        """Leave nothing of an ended one loaded, nor its word on disk: it is in the history by now."""
        for unit in (self._socket(job), self._service(job)):
            self._bus.reset_failed(unit)
        self._unlink_records(job.queue_id)
        self._maker.prepared_file(job.queue_id).unlink(missing_ok=True)

    def found(self) -> list[tuple[Job, int | None]]:
        """The jobs that our loaded units carry, with their ports (None: private)."""
        jobs = []
        for unit in self._bus.units(self._maker.names.pattern):
            queue_id = self._maker.names.queue_id(unit)
            carried = (
                carried_job(self._bus.properties(unit, ["Environment"])["Environment"], self._kinds)
                if queue_id
                else None
            )
            if carried is not None and carried[0].queue_id == queue_id:
                jobs.append(carried)
        return jobs

    def cap(self, properties: dict[str, Any]) -> None:
        """Cap the slice around all viewers. Raises UnitRefused."""
        unit = self._maker.names.slice
        try:
            self._bus.start_transient(unit, {unit: properties})
        except UnitRefused:
            # It is there already, from an earlier start of the server or with units in it.
            self._bus.set_properties(unit, properties)

    def _unlink_records(self, queue_id: str) -> None:
        self._maker.exit_file(queue_id).unlink(missing_ok=True)
        self._maker.socket_exit_file(queue_id).unlink(missing_ok=True)

    def _service(self, job: Job) -> str:
        return self._maker.names.service(job)

    def _socket(self, job: Job) -> str:
        return self._maker.names.socket(job)


def _alive(properties: dict[str, Any]) -> Alive:
    return Alive(
        invocation_id=bytes(properties["InvocationID"] or []).hex(),
        pid=properties["MainPID"] or None,
        since=properties["InactiveExitTimestamp"] / 1e6 or None,
        active_since=properties["ActiveEnterTimestamp"] / 1e6 or None
        if properties["ActiveState"] == "active"
        else None,
        restarts=properties["NRestarts"],
    )
