"""The scheduler over real units, with no server around it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from waiting import wait_until

from forgather_units.kinds.kind import Kind
from forgather_units.machine import addresses
from forgather_units.proxy.readiness import answers, knock
from forgather_units.proxy.target import OpenUnix
from forgather_units.scheduler.changes import Changes
from forgather_units.scheduler.lifecycle import Surroundings
from forgather_units.scheduler.scheduler import Limits, Scheduler
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.units.bus import ManagerBus
from forgather_units.units.names import UnitNames
from forgather_units.units.probe import probe
from forgather_units.units.scope import Scope
from forgather_units.units.service import InForce, Rules, ServiceMaker
from forgather_units.units.viewers import Viewers


class RealPorts:
    """This machine's."""

    def is_free(self, address: str, port: int) -> bool:
        return addresses.is_port_free(address, port)

    def overlap(self, one: str, other: str) -> bool:
        return addresses.addresses_overlap(one, other)


@dataclass(frozen=True, slots=True)
class RealScheduler:
    """Nothing here listens to systemd's signals: who asks for a state takes a look."""

    deciding: Scheduler
    makes: ServiceMaker

    def state(self, queue_id: str) -> Any:
        self.deciding.sweep()
        return self.deciding.job(queue_id).state

    def all_ended(self) -> bool:
        self.deciding.sweep()
        return all(job.is_ended for job in self.deciding.jobs())


@contextmanager
def real_scheduler(folder: Path, kinds: Mapping[str, Kind], ports: RealPorts | None = None) -> Iterator[RealScheduler]:
    """With units of its own, all gone afterwards."""
    scope, names = Scope.of_this_process(), UnitNames(f"fgtest{os.getpid()}")
    os.environ.setdefault("XDG_RUNTIME_DIR", scope.runtime_dir)
    makes = ServiceMaker(
        scope, names, lambda kind: kinds[kind.name].find(""), folder / "exits", folder / "prepared",
        InForce(Rules()), probe(scope, folder / "probe"),
    )  # fmt: skip
    viewers = Viewers(ManagerBus(scope), makes, addresses.listening_addresses, kinds)
    around = Surroundings(
        ports or RealPorts(),
        lambda job: answers(OpenUnix(makes.socket_path(job.queue_id)), "/"),
        lambda job: (),
        lambda queue_id: knock(makes.socket_path(queue_id)),
    )
    deciding = Scheduler(JobStore(open_database(folder / "db"), kinds), viewers, around, Changes(), Limits())
    made = RealScheduler(deciding, makes)
    deciding.start()
    yield made
    for job in deciding.jobs():
        deciding.kill(job.queue_id, force=True)
    wait_until(made.all_ended)
    deciding.stop()
