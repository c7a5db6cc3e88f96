"""Starts, wakes, stops, kills, inspects and cleans up the units of jobs. Decides nothing about a job's state."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from signal import SIGKILL, SIGTERM
from typing import Any, Final

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Job
from forgather_units.domain.placement import Placed
from forgather_units.domain.viewer import Kinds
from forgather_units.systemd.manager import Manager, UnitRefused
from forgather_units.systemd.survey import Survey
from forgather_units.units.exit_record import ExitRecord, exit_of_properties
from forgather_units.units.service_unit import UnitFactory, carried_job, carried_scripts

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
    stopping: bool = False
    """The unit is deactivating."""


@dataclass(frozen=True, slots=True)
class Restarting:
    """It failed, and systemd is about to start it again."""

    record: ExitRecord


@dataclass(frozen=True, slots=True)
class Asleep:
    """No process; systemd listens on its socket."""

    since: float


@dataclass(frozen=True, slots=True)
class Over:
    """The unit ran and ended. `holds_port`: its socket is still active, and would start it again."""

    record: ExitRecord
    holds_port: bool = False


@dataclass(frozen=True, slots=True)
class PortTaken:
    """The socket could not bind its address: nothing was started."""


@dataclass(frozen=True, slots=True)
class Gone:
    """No unit and no exit record: after a reboot or a crash of the manager, or it was never started."""


UnitState = Alive | Restarting | Asleep | Over | PortTaken | Gone

_START_LIMIT = "start-limit-hit"
RESOURCES: Final = "resources"
"""Result of a service that systemd could not start for lack of disk space or memory; it ran no process."""
_LIVING = ("active", "activating", "reloading", "deactivating", "refreshing")
# In this order, since each is a call of its own: a start that ends between two of them has no job and is active. Read
# the other way round, it would be inactive without a job, like a unit that is over.
_READ = (
    "Job",
    "LoadState",
    "ActiveState",
    "SubState",
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
_READ_SOCKET = ("Job", "LoadState", "ActiveState", "Result", "InactiveEnterTimestamp")

Resolve = Callable[[str, int], Sequence[tuple[str, int]]]
"""The numeric addresses and ports to listen on for an address and a port."""


class Viewers:
    """The units of our jobs. Belongs to one thread (its bus does). Raises Unavailable when the manager is away."""

    def __init__(self, bus: Manager, factory: UnitFactory, resolve: Resolve, kinds: Kinds) -> None:
        self._bus = bus
        self._factory = factory
        self._resolve = resolve
        self._kinds = kinds

    def start(self, job: Job, port: int | None) -> Placed:
        """Start the job's units; how they were placed. Raises UnitRefused with systemd's own sentence."""
        self.drop_records(job)
        self._factory.prepare(job)
        listen = self._resolve(job.submission.options.address, port) if port else ()
        planned = self._factory.plan(job, port, listen)
        try:
            self._factory.files.write_drop_in(self._service(job), planned.drop_in)
        except OSError as why:
            # It matters after a daemon-reload alone. Where no room is left, the manager says so at the next call.
            log.warning("%s has no drop-in file: %s", self._service(job), why)
        self._bus.start_transient(planned.first, planned.units)
        if planned.then:
            self._bus.start(planned.then)
        return planned.placed

    def wake(self, job: Job) -> None:
        """Start the service of a sleeping one. Raises UnitRefused."""
        self._bus.start(self._service(job))

    def restart(self, job: Job) -> bool:
        """Restart the service of one with a socket, with new mounts; keeps the socket. False if there is none."""
        return self._bus.restart(self._service(job))

    def reset_start_limit(self, job: Job) -> None:
        """Count only failures from now on: a viewer that fell asleep has not failed.

        exit_record.sh does it too, unless the unit was started without a drop-in file and systemd was reloaded since.
        """
        self._bus.reset_failed(self._service(job))

    def put_to_sleep(self, job: Job) -> bool:
        """End the service of one with a socket as if it had been idle. False where there is nothing to end.

        By a signal, not by a stop job: that would mean the end of it all.
        """
        return self._bus.kill(self._service(job), SIGTERM, whom="main")

    def stop(self, job: Job) -> bool:
        """Stop both units (SIGTERM, then SIGKILL after the timeout) and free the port. False if there is none."""
        # The socket first: a request that waits in it would start the service again.
        closed = self._bus.stop(self._socket(job))
        return self._bus.stop(self._service(job)) or closed

    def kill(self, job: Job) -> bool:
        """SIGKILL to every process of it; its port is free then. False where there is nothing to kill."""
        service = self._service(job)
        # Before the stop of the socket, which stops the service too: the signal would reach its ExecStopPost=.
        killed = self._bus.kill(service, SIGKILL)
        closed = self._bus.stop(self._socket(job))
        # A request that waited in the socket may have started it again.
        self._bus.kill(service, SIGKILL, whom="main")
        return killed or closed

    def is_there(self, job: Job) -> bool:
        """Whether any of its units is loaded. Unlike `look` it makes no noise, which would call for the next look."""
        return any(map(self._bus.is_loaded, (self._socket(job), self._service(job))))

    def look(self, job: Job) -> UnitState:
        """The present state of its units."""
        service = self._read_service(job)
        # After a reload that did not go well (`bad-setting`) it still runs.
        loaded = service["LoadState"] != "not-found"
        record = self._factory.files.exit_record(job.queue_id)
        if loaded and service["Result"] == RESOURCES and not _is_of_this_run(record, service):
            # Its ExecStopPost= lacked them too, so the record is that of an earlier run.
            record = exit_of_properties(service, time.time())
        if loaded and service["SubState"].startswith("auto-restart"):
            return Restarting(record or exit_of_properties(service, time.time()))
        # A unit whose start is still pending counts as inactive, and is not over.
        if loaded and (service["ActiveState"] in _LIVING or service["Job"][0]):
            return _alive(service)
        socket = self._bus.properties(self._socket(job), _READ_SOCKET)
        if socket["LoadState"] == "loaded" and (socket["ActiveState"] != "inactive" or socket["Job"][0]):
            return self._look_at_socket(socket, service, record)
        socket_record = self._factory.files.socket_exit_record(job.queue_id)
        if socket_record is not None and (record is None or record.result == "success"):
            # It slept (or was put to sleep) when its socket was stopped.
            return Over(
                replace(
                    record or socket_record,
                    stopped=socket_record.stopped,
                    at=socket_record.at,
                    with_manager=socket_record.with_manager,
                )
            )
        if record is not None:
            return Over(record)
        return Over(exit_of_properties(service, time.time())) if loaded else Gone()

    def _read_service(self, job: Job) -> dict[str, Any]:
        """The properties of its service, all of one run.

        Each is a call of its own: systemd may start the unit again between two of them.
        """
        unit = self._service(job)
        while True:
            service = self._bus.properties(unit, _READ)
            if not service["SubState"].startswith("auto-restart"):
                return service
            if self._bus.properties(unit, ("SubState", "NRestarts")).items() <= service.items():
                return service

    def _look_at_socket(self, socket: dict[str, Any], service: dict[str, Any], record: ExitRecord | None) -> UnitState:
        if socket["ActiveState"] == "failed":
            if socket["Result"] == RESOURCES and record is None:
                return PortTaken()
            last = record or exit_of_properties(service, time.time())
            result = RESOURCES if last.result == RESOURCES else socket["Result"]
            return Over(replace(last, result=result, at=socket["InactiveEnterTimestamp"] / 1e6 or last.at))
        if service["ActiveState"] == "failed":
            last = record or exit_of_properties(service, time.time())
            # A refused start leaves no record: the last record is that of the run before. Nor does systemd always
            # report it: after a restart it keeps the result of that run. It restarts after every failure except
            # SIGKILL.
            again = service["NRestarts"] > 0 and last.signal != SIGKILL
            refused = last.result != RESOURCES and (again or service["Result"] == _START_LIMIT)
            return Over(replace(last, result=_START_LIMIT) if refused else last, holds_port=True)
        return Asleep(service["InactiveEnterTimestamp"] / 1e6 or time.time())

    def forget(self, job: Job) -> None:
        """Unload the units of an ended job and remove its exit records, which the history contains."""
        for unit in (self._socket(job), self._service(job)):
            self._bus.reset_failed(unit)
        self._factory.files.forget(job.queue_id, self._service(job))

    def drop_records(self, job: Job) -> None:
        """Remove the exit records of its units."""
        self._factory.files.drop_records(job.queue_id)

    def survey(self) -> Survey:
        """All loaded units of this server, in one call to the manager. Raises Unavailable."""
        names = self._factory.names
        return Survey.of(names, self._bus.units(names.pattern, names.socket_pattern))

    def remove_unused_scripts(self) -> None:
        """Remove the scripts of earlier versions that no unit names. Raises Unavailable."""
        units = [row.name for row in self._bus.units(self._factory.names.pattern)]
        try:
            used = {carried_scripts(self._bus.properties(unit, ["Environment"])["Environment"]) for unit in units}
            self._factory.files.remove_unused_scripts(used)
        except Unavailable:
            raise
        except Exception as why:
            log.error("cannot remove the scripts of earlier versions: %r", why)

    def carried(self, job: Job) -> tuple[Job, int | None] | None:
        """The job as its loaded unit carries it, and its port; None where that cannot be read. Raises Unavailable."""
        return self.carried_by(self._service(job), job.queue_id)

    def carried_by(self, unit: str, queue_id: str) -> tuple[Job, int | None] | None:
        """The same of a service by its name, for a job that is not known. Raises Unavailable."""
        try:
            carried = carried_job(self._bus.properties(unit, ["Environment"])["Environment"], self._kinds)
        except Unavailable:
            raise
        except Exception as why:
            log.error("the job that %s carries cannot be used: %r", unit, why)
            return None
        return carried if carried is not None and carried[0].queue_id == queue_id else None

    def cap(self, properties: dict[str, Any]) -> None:
        """Cap the slice around all viewers. Raises UnitRefused."""
        unit = self._factory.names.slice
        try:
            self._bus.start_transient(unit, {unit: properties})
        except UnitRefused:
            # It is there already, from an earlier start of the server or with units in it.
            self._bus.set_properties(unit, properties)

    def _service(self, job: Job) -> str:
        return self._factory.names.service(job)

    def _socket(self, job: Job) -> str:
        return self._factory.names.socket(job)


def _is_of_this_run(record: ExitRecord | None, service: dict[str, Any]) -> bool:
    return record is not None and record.invocation_id == _invocation(service)


def _invocation(properties: dict[str, Any]) -> str:
    return bytes(properties["InvocationID"] or []).hex()


def _alive(properties: dict[str, Any]) -> Alive:
    return Alive(
        invocation_id=_invocation(properties),
        pid=properties["MainPID"] or None,
        since=properties["InactiveExitTimestamp"] / 1e6 or None,
        active_since=properties["ActiveEnterTimestamp"] / 1e6 or None
        if properties["ActiveState"] == "active"
        else None,
        restarts=properties["NRestarts"],
        stopping=properties["ActiveState"] == "deactivating",
    )
