"""The scheduler with real units, without a server."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGSEGV
from typing import Any

from waiting import wait_until

from forgather_units.domain.job import Job
from forgather_units.host import addresses
from forgather_units.host.this_machine import this_machine
from forgather_units.proxy.destination import Open
from forgather_units.proxy.readiness import knock, responds, wait_until_accepted
from forgather_units.scheduler.environment import Environment
from forgather_units.scheduler.events import EventBus
from forgather_units.scheduler.scheduler import Limits, Scheduler
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.systemd.bus import ManagerBus
from forgather_units.systemd.names import UnitNames
from forgather_units.units.control import Viewers
from forgather_units.units.local_factory import local_factory
from forgather_units.units.probe import examined
from forgather_units.units.service_unit import Rules, UnitFactory
from forgather_units.viewers.contract.kind import Kind
from forgather_units.viewers.table import SCRIPTS


@dataclass(slots=True)
class RealScheduler:
    """It does not receive systemd's signals: `state` inspects the units instead."""

    make: Callable[[], Scheduler] = field(repr=False)
    unit_factory: UnitFactory = field(repr=False)
    viewers: Viewers
    database: Path
    scheduler: Scheduler = field(init=False)

    def start(self) -> None:
        self.scheduler = self.make()
        self.scheduler.start()

    def restart(self) -> None:
        """Start a second scheduler on the same database, as a restarted server does."""
        self.scheduler.stop()
        self.start()

    def crash(self, job: Job) -> None:
        """Kill its main process with SIGSEGV: systemd starts it again."""
        ManagerBus(this_machine()).kill(self.unit_factory.names.service(job), SIGSEGV, whom="main")

    def damage(self, statement: str, queue_id: str) -> None:
        """Change a row of the database without the scheduler's knowledge."""
        with sqlite3.connect(self.database) as connection:
            assert connection.execute(statement, (queue_id,)).rowcount == 1

    def state(self, queue_id: str) -> Any:
        self.scheduler.sweep()
        return self.scheduler.job(queue_id).state

    def wait_unloaded(self, queue_id: str) -> None:
        """Wait until systemd has unloaded the units of an ended job.

        A viewer that is stopped while it starts may fail, and a failed unit stays loaded until it is reset: the
        scheduler does that when it inspects the unit after its end.
        """

        def unloaded() -> bool:
            self.scheduler.sweep()
            return not self.viewers.is_there(self.scheduler.job(queue_id))

        wait_until(unloaded, what="its units are unloaded")

    def all_ended(self) -> bool:
        self.scheduler.sweep()
        return all(job.is_ended for job in self.scheduler.jobs())


def _responds(job: Job) -> bool:
    """The scheduler calls this for viewers without a socket unit only."""
    port = getattr(job.state, "port", None)
    return port is not None and responds(Open(job.submission.options.address, port), "/")


@contextmanager
def real_scheduler(
    folder: Path,
    kinds: Mapping[str, Kind],
    ports: addresses.MachinePorts | None = None,
    *,
    viewers_type: type[Viewers] = Viewers,
    store_type: type[JobStore] = JobStore,
    max_running: int = 0,
    last_lines: Callable[[Job], Sequence[str]] = lambda job: (),
) -> Iterator[RealScheduler]:
    """It has a unit prefix of its own, and stops all its units afterwards."""
    machine, names = examined(this_machine(), folder / "probe"), UnitNames(f"fgtest{os.getpid()}")
    unit_factory = local_factory(
        machine, names, lambda kind: kinds[kind.name].find(""), folder / "exits", Rules(), SCRIPTS
    )
    viewers = viewers_type(ManagerBus(machine), unit_factory, addresses.listening_addresses, kinds)
    environment = Environment(
        ports or addresses.MachinePorts(),
        _responds,
        last_lines,
        lambda queue_id: knock(unit_factory.paths.socket(queue_id)),
        lambda queue_id: wait_until_accepted(unit_factory.paths.socket(queue_id)),
    )

    def make() -> Scheduler:
        store = store_type(open_database(folder / "db"), kinds)
        return Scheduler(store, viewers, environment, EventBus(), Limits(max_running))

    made = RealScheduler(make, unit_factory, viewers, folder / "db")
    made.start()
    yield made
    for job in made.scheduler.jobs():
        made.scheduler.kill(job.queue_id, force=True)
    wait_until(made.all_ended)
    made.scheduler.stop()
