"""All rooms of the house, built from the settings and wired together; nothing else knows them all."""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO

from forgather_units.auth.authority import Authority
from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.domain.job import Active, Job
from forgather_units.machine import addresses
from forgather_units.machine.tensorboard_cli import find_tensorboard
from forgather_units.proxy.readiness import answers
from forgather_units.scheduler.changes import Changes
from forgather_units.scheduler.scheduler import Limits, Scheduler, Surroundings
from forgather_units.server.targets import address_of
from forgather_units.settings.settings import Settings
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.units.bus import ManagerBus
from forgather_units.units.follower import Follower
from forgather_units.units.journal import Journal
from forgather_units.units.names import UnitNames
from forgather_units.units.scope import Scope
from forgather_units.units.service import ServiceMaker
from forgather_units.units.signals import UnitSignals
from forgather_units.units.viewers import Viewers

log = logging.getLogger(__name__)

_BUS_PATIENCE = 5.0
_LAST_LINES = 5


@dataclass(frozen=True, slots=True)
class House:
    """What the routes need."""

    settings: Settings
    scope: Scope
    names: UnitNames
    authority: Authority
    scheduler: Scheduler
    changes: Changes
    journal: Journal
    follower: Follower


class _MachinePorts:
    """The scheduler's view of this machine's ports."""

    def is_free(self, address: str, port: int) -> bool:
        return addresses.is_port_free(address, port)

    def overlap(self, one: str, other: str) -> bool:
        return addresses.addresses_overlap(one, other)


@contextmanager
def open_house(settings: Settings) -> Iterator[House]:
    """Everything started, and stopped in the opposite order. Raises a ForgatherError where something is missing."""
    settings.state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    scope, names = Scope.of_this_process(), UnitNames(settings.unit_prefix)
    if scope is Scope.USER:
        # A shell from su or cron has none of them, and pystemd looks nowhere else.
        os.environ.setdefault("XDG_RUNTIME_DIR", scope.runtime_dir)
    with _only_server(settings):
        authority = Authority(settings.auth_dir, enabled=settings.auth)
        command = (settings.tensorboard or find_tensorboard(),)
        store = JobStore(open_database(settings.database))
        bus = ManagerBus(scope)
        viewers = Viewers(bus, ServiceMaker(scope, names, command, settings.exits_dir, settings.stop_timeout))
        journal = Journal(scope)
        follower = Follower(journal)
        changes = Changes()
        around = Surroundings(_MachinePorts(), _answers, lambda job: _last_lines(journal, names, job))
        limits = Limits(settings.max_running, settings.start_timeout)
        scheduler = Scheduler(store, viewers, around, changes, limits)

        def unit_changed(unit: str) -> None:
            if (queue_id := names.queue_id(unit)) is not None:
                scheduler.unit_changed(queue_id)

        signals = UnitSignals(scope, unit_changed, scheduler.look_at_all)
        try:
            signals.start()
            if not signals.wait_connected(_BUS_PATIENCE):
                raise Unavailable(
                    f"no {scope.value} service manager answers at {scope.bus_address}",
                    hint="log in properly or `loginctl enable-linger`; without systemd: forgather sandbox run -- CMD",
                )
            scheduler.start()
            yield House(settings, scope, names, authority, scheduler, changes, journal, follower)
        finally:
            follower.close()
            signals.stop()
            scheduler.stop()
            store.close()


def _answers(job: Job) -> bool:
    return isinstance(job.state, Active) and answers(address_of(job, job.state.port), job.path_prefix)


def _last_lines(journal: Journal, names: UnitNames, job: Job) -> Sequence[str]:
    return journal.last_lines(names.service(job.queue_id), _LAST_LINES)


@contextmanager
def _only_server(settings: Settings) -> Iterator[None]:
    """Two servers on one state folder would both dispatch its queue."""
    lock: IO[str] = (settings.state_dir / "server.lock").open("w")
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused(
                f"another server already works on {settings.state_dir}", hint="stop it, or set another state_dir"
            ) from None
        yield
