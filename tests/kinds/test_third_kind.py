"""A kind that the product does not know: one table entry, and scheduler, units and edge do the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from waiting import wait_until

from forgather_units.domain.errors import Malformed
from forgather_units.domain.job import Running
from forgather_units.domain.listening import Listening, Port
from forgather_units.domain.program import Program
from forgather_units.kinds import params
from forgather_units.kinds.kind import Facts, Kind
from forgather_units.kinds.table import KINDS
from forgather_units.machine import addresses
from forgather_units.machine.tensorboard_cli import folders_of
from forgather_units.proxy.readiness import answers, knock
from forgather_units.proxy.target import OpenUnix
from forgather_units.scheduler.changes import Changes
from forgather_units.scheduler.lifecycle import Surroundings
from forgather_units.scheduler.scheduler import Limits, Scheduler
from forgather_units.server.submission import SubmissionParser
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.units.bus import ManagerBus
from forgather_units.units.names import UnitNames
from forgather_units.units.probe import probe
from forgather_units.units.scope import Scope
from forgather_units.units.service import InForce, Rules, ServiceMaker
from forgather_units.units.viewers import Viewers

# The whole kind


@dataclass(frozen=True, slots=True)
class FilesOptions(Listening):
    """Python's own file server."""

    shown: str
    port: Port = field(default=9000, kw_only=True)

    @property
    def title(self) -> str:
        return Path(self.shown).name

    @property
    def folder(self) -> str:
        return self.shown


FILES = Kind(
    name="files",
    segment="files",
    noun="Files",
    usual_port=9000,
    options=FilesOptions,
    parsers={
        "shown": params.path,
        "port": params.port(9000),
        "host": params.optional_text,
        "bind_all": params.truth,
    },
    required="shown",
    check=lambda options: Facts(),
    find=lambda command: Program((sys.executable, "-m", "http.server"), (*folders_of(sys.executable), sys.base_prefix)),
    command_line=lambda options, port, prefix, prepared: [
        f"--directory={options.shown}",
        f"--bind={options.address}",
        str(port),
    ],
    ready=lambda prefix: "/",
)

# The whole proof


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[tuple[Scheduler, ServiceMaker]]:
    kinds = {**KINDS, FILES.name: FILES}
    scope, names = Scope.of_this_process(), UnitNames(f"fgtest{os.getpid()}")
    os.environ.setdefault("XDG_RUNTIME_DIR", scope.runtime_dir)
    host = probe(scope, tmp_path / "probe")
    makes = ServiceMaker(
        scope, names, lambda kind: kinds[kind.name].find(""), tmp_path / "exits", tmp_path / "prepared",
        InForce(Rules()), host,
    )  # fmt: skip
    viewers = Viewers(ManagerBus(scope), makes, addresses.listening_addresses, kinds)
    store = JobStore(open_database(tmp_path / "db"), kinds)
    around = Surroundings(
        _Ports(), lambda job: answers(OpenUnix(makes.socket_path(job.queue_id)), "/"), lambda job: (),
        lambda queue_id: knock(makes.socket_path(queue_id)),
    )  # fmt: skip
    deciding = Scheduler(store, viewers, around, Changes(), Limits())
    deciding.start()
    yield deciding, makes
    for job in deciding.jobs():
        deciding.kill(job.queue_id, force=True)
    wait_until(lambda: all(job.is_ended for job in _looked_at(deciding)))
    deciding.stop()


class _Ports:
    def is_free(self, address: str, port: int) -> bool:
        return addresses.is_port_free(address, port)

    def overlap(self, one: str, other: str) -> bool:
        return addresses.addresses_overlap(one, other)


def _looked_at(deciding: Scheduler) -> list[Any]:
    """The jobs after a look: nothing here listens to systemd's signals."""
    deciding.sweep()
    return deciding.jobs()


def test_it_is_queued_started_reached_and_ended(scheduler: tuple[Scheduler, ServiceMaker], tmp_path: Path) -> None:
    deciding, makes = scheduler
    (tmp_path / "shown").mkdir()
    (tmp_path / "shown" / "hello").write_text("hello")
    parser = SubmissionParser({FILES.name: FILES}, makes.program, makes.host.reason)
    body = {
        "project_dir": "/",
        "config": "files",
        "job_type": "files",
        "job_params": {"shown": str(tmp_path / "shown"), "port": "auto"},
    }
    submission, _ = parser.parse(body)
    job = deciding.submit(submission)
    assert (job.path_prefix, job.title) == (f"/api/files/{job.queue_id}", "shown")
    wait_until(lambda: isinstance(_state(deciding, job.queue_id), Running), 30)
    state = deciding.job(job.queue_id).state
    assert isinstance(state, Running) and state.port is not None and state.port >= 9000
    if deciding.job(job.queue_id).has_socket:
        assert answers(OpenUnix(makes.socket_path(job.queue_id)), "/hello")
    assert makes.names.service(job).startswith(f"fgtest{os.getpid()}-files-q_")
    deciding.kill(job.queue_id)
    wait_until(lambda: (deciding.sweep(), deciding.job(job.queue_id).is_ended)[1])
    assert deciding.job(job.queue_id).status == "aborted"


def _state(deciding: Scheduler, queue_id: str) -> Any:
    deciding.sweep()
    return deciding.job(queue_id).state


def test_its_own_rules_hold(scheduler: tuple[Scheduler, ServiceMaker]) -> None:
    _, makes = scheduler
    parser = SubmissionParser({FILES.name: FILES}, makes.program, "")
    body = {"project_dir": "/", "config": "files", "job_type": "files", "job_params": {"shown": "/", "logdir": "/"}}
    with pytest.raises(Malformed, match="unknown key 'logdir'"):
        parser.parse(body)
