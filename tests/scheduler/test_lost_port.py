"""Another process takes the port between our look at it and systemd's socket."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from real_scheduler import RealPorts, RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Queued, Sleeping, Submission
from forgather_units.domain.placement import Placing
from forgather_units.domain.tensorboard import AUTO, Port, TensorBoardOptions
from forgather_units.kinds.table import KINDS


class Rival(RealPorts):
    """Takes the first port that we find free, right after we looked."""

    def __init__(self) -> None:
        self.taken: socket.socket | None = None

    def is_free(self, address: str, port: int) -> bool:
        is_free = super().is_free(address, port)
        if is_free and self.taken is None:
            self.taken = socket.create_server((address, port))
        return is_free

    @property
    def port(self) -> int:
        assert self.taken is not None
        port: int = self.taken.getsockname()[1]
        return port

    def let_go(self) -> None:
        if self.taken is not None:
            self.taken.close()


@pytest.fixture
def rival() -> Iterator[Rival]:
    made = Rival()
    yield made
    made.let_go()


@pytest.fixture
def scheduler(tmp_path: Path, rival: Rival) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, KINDS, rival) as made:
        if made.makes.host.reason:
            pytest.skip(f"the socket placement does not work on this host: {made.makes.host.reason}")
        yield made


def lazily(folder: Path, port: Port) -> Submission:
    options = TensorBoardOptions(logdir=str(folder), port=port)
    return Submission(str(folder), options.label, KINDS["tensorboard"], options, placing=Placing(lazy=True))


def test_one_that_takes_any_port_has_the_next(scheduler: RealScheduler, rival: Rival, tmp_path: Path) -> None:
    queue_id = scheduler.deciding.submit(lazily(tmp_path, AUTO)).queue_id
    wait_until(lambda: _port(scheduler, queue_id) not in (None, rival.port))
    assert scheduler.deciding.job(queue_id).submission.config == f"tensorboard:{_port(scheduler, queue_id)}"


def test_one_that_wants_this_port_waits_for_it(
    scheduler: RealScheduler, rival: Rival, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    queue_id = scheduler.deciding.submit(lazily(tmp_path, port)).queue_id
    waits = Queued(f"port {port} is held by another process")
    wait_until(lambda: scheduler.state(queue_id) == waits)
    rival.let_go()
    wait_until(lambda: _port(scheduler, queue_id) == port, 20)


def _port(scheduler: RealScheduler, queue_id: str) -> int | None:
    state = scheduler.state(queue_id)
    return state.port if isinstance(state, Sleeping) else None
