"""Builds the scheduler: its database, its view of the machine and of the units, and the signals that it gets."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from forgather_units.api.live.job_output import Output
from forgather_units.daemon.build_units import Units
from forgather_units.daemon.resolve_viewer import address_of
from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.domain.scope import Scope
from forgather_units.host import addresses
from forgather_units.host.session import NO_SYSTEMD, why_no_manager
from forgather_units.proxy.readiness import knock, responds, wait_until_accepted
from forgather_units.scheduler.environment import Environment
from forgather_units.scheduler.events import EventBus
from forgather_units.scheduler.scheduler import Limits, Scheduler
from forgather_units.settings.settings import Settings
from forgather_units.store.database import open_database
from forgather_units.store.history import Retention
from forgather_units.store.jobs import JobStore
from forgather_units.systemd.signals import UnitSignals
from forgather_units.units.limits import slice_properties
from forgather_units.viewers.table import KINDS

_CONNECT_SECONDS: Final = 10.0
_LAST_LINES: Final = 5


@contextmanager
def running_scheduler(settings: Settings, units: Units, output: Output, events: EventBus) -> Iterator[Scheduler]:
    """Runs the scheduler inside the `with`, and closes `output` after it. Raises a ForgatherError."""
    machine, names = units.machine, units.names
    store = JobStore(open_database(settings.database), KINDS, _spare_folder(units))
    scheduler = Scheduler(store, units.viewers, _environment(units, output), events, limits_of(settings))

    def unit_changed(unit: str) -> None:
        if (queue_id := names.queue_id(unit)) is not None:
            scheduler.unit_changed(queue_id)

    signals = UnitSignals(machine, unit_changed, scheduler.inspect_all)
    try:
        signals.start()
        if not signals.wait_connected(_CONNECT_SECONDS):
            why, fix = why_no_manager() if machine.scope is Scope.USER else ("", "")
            raise Unavailable(
                why or f"no {machine.scope.value} service manager answers at {machine.bus_address}",
                hint=fix or f"systemctl {machine.scope.flag} status; {NO_SYSTEMD}",
            )
        units.cap_slice(slice_properties(settings.slice_limits))
        scheduler.start()
        yield scheduler
    finally:
        output.follower.close()
        signals.stop()
        scheduler.stop()
        store.close()


def limits_of(settings: Settings) -> Limits:
    """The scheduler's limits."""
    days = settings.history_days
    retention = Retention(settings.history_jobs or None, days * 86400.0 if days else None)
    return Limits(settings.max_running, settings.start_timeout, retention)


def _environment(units: Units, output: Output) -> Environment:
    def last_lines(job: Job) -> Sequence[str]:
        lines = output.journal.last_lines(units.names.service(job), _LAST_LINES)
        fault = "" if lines else output.access.known_fault()
        return [f"not known, the journal cannot be read: {fault}"] if fault else lines

    def wake(queue_id: str) -> None:
        knock(units.factory.paths.socket(queue_id))

    def accepted(queue_id: str) -> None:
        wait_until_accepted(units.factory.paths.socket(queue_id))

    return Environment(addresses.MachinePorts(), _responds, last_lines, wake, accepted, units.machine.boot_id)


def _responds(job: Job) -> bool:
    match job.state:
        case Starting(port=int(port)) | Running(port=int(port)):
            return responds(address_of(job, port), job.submission.kind.readiness_path(job.path_prefix))
    return False


def _spare_folder(units: Units) -> Path:
    """For records while the disk of the state folder is full: in memory, until the next boot."""
    return Path(os.environ.get("RUNTIME_DIRECTORY") or units.machine.runtime_dir, f"{units.names.prefix}-records")
