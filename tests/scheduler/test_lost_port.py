"""Another process takes the port after our check and before systemd's socket, or the viewer itself, binds it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path

import pytest
from files_kind import FILES, files_of
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Ended, Queued, Running, Sleeping, Submission
from forgather_units.domain.listening import AUTO, Port, PortState
from forgather_units.domain.placement import Placing
from forgather_units.domain.program import Program
from forgather_units.host.addresses import MachinePorts
from forgather_units.units.control import PortTaken
from forgather_units.viewers.table import KINDS
from forgather_units.viewers.tensorboard.options import TensorBoardOptions


class Rival(MachinePorts):
    """Takes the first `most` ports that are found free, each right after the check."""

    def __init__(self, most: int = 1) -> None:
        self._most = most
        self.taken: list[socket.socket] = []

    def state(self, address: str, port: int) -> PortState:
        state = super().state(address, port)
        if state is PortState.FREE and len(self.taken) < self._most:
            self.taken.append(socket.create_server((address, port)))
        return state

    @property
    def ports(self) -> list[int]:
        return [each.getsockname()[1] for each in self.taken]

    def release(self) -> None:
        for each in self.taken:
            each.close()


@pytest.fixture
def rival() -> Iterator[Rival]:
    made = Rival()
    yield made
    made.release()


@pytest.fixture
def real(tmp_path: Path, rival: Rival, needs_socket_placement: None) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, KINDS, rival) as made:
        yield made


def lazily(folder: Path, port: Port) -> Submission:
    options = TensorBoardOptions(logdir=str(folder), port=port)
    return Submission(
        str(folder), f"tensorboard:{options.port}", KINDS["tensorboard"], options, placing=Placing(lazy=True)
    )


def test_an_auto_port_job_gets_the_next_port(real: RealScheduler, rival: Rival, tmp_path: Path) -> None:
    queue_id = real.scheduler.submit(lazily(tmp_path, AUTO)).queue_id
    wait_until(lambda: _port(real, queue_id) not in (None, *rival.ports))
    assert real.scheduler.job(queue_id).submission.config == f"tensorboard:{_port(real, queue_id)}"


def test_a_fixed_port_job_waits_for_its_port(
    real: RealScheduler, rival: Rival, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    queue_id = real.scheduler.submit(lazily(tmp_path, port)).queue_id
    waits = Queued(f"port {port} is held by another process")
    wait_until(lambda: real.state(queue_id) == waits)
    rival.release()
    wait_until(lambda: _port(real, queue_id) == port)


def test_a_kill_ends_a_job_whose_port_was_taken(real: RealScheduler, tmp_path: Path) -> None:
    job = real.scheduler.submit(lazily(tmp_path, AUTO))
    wait_until(lambda: isinstance(real.viewers.look(job), PortTaken))
    real.scheduler.kill(job.queue_id)
    wait_until(lambda: isinstance(real.state(job.queue_id), Ended))
    state = real.scheduler.job(job.queue_id).state
    assert isinstance(state, Ended) and state.reason == "killed on request"


def _port(real: RealScheduler, queue_id: str) -> int | None:
    state = real.state(queue_id)
    return state.port if isinstance(state, Sleeping) else None


@pytest.fixture
def direct(tmp_path: Path, rival: Rival) -> Iterator[RealScheduler]:
    """Its viewers bind their ports themselves."""
    with real_scheduler(tmp_path, {FILES.name: FILES}, rival) as made:
        yield made


def test_a_direct_auto_port_job_gets_the_next_port(direct: RealScheduler, rival: Rival, tmp_path: Path) -> None:
    queue_id = direct.scheduler.submit(files_of(tmp_path, direct=True)).queue_id
    state = running(direct, queue_id)
    assert len(rival.ports) == 1 and state.port not in rival.ports
    assert direct.scheduler.job(queue_id).submission.config == f"files:{state.port}"


def test_a_direct_fixed_port_job_waits_for_its_port(
    direct: RealScheduler, rival: Rival, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    port = free_port()
    queue_id = direct.scheduler.submit(files_of(tmp_path, port, direct=True)).queue_id
    waits = Queued(f"port {port} is held by another process")
    wait_until(lambda: direct.state(queue_id) == waits)
    rival.release()
    assert running(direct, queue_id).port == port


def test_a_direct_job_that_crashed_and_lost_its_port_gets_another(tmp_path: Path) -> None:
    """systemd starts it again a second later; meanwhile another process took the port."""
    with real_scheduler(tmp_path, {FILES.name: FILES}) as made, ExitStack() as held:
        queue_id = made.scheduler.submit(files_of(tmp_path, direct=True)).queue_id
        port = running(made, queue_id).port
        made.crash(made.scheduler.job(queue_id))
        held.enter_context(closing(_take(port)))
        wait_until(lambda: made.state(queue_id) and _running_port(made, queue_id) not in (None, port))


def test_a_direct_job_that_fails_for_another_reason_ends(tmp_path: Path) -> None:
    kind = replace(FILES, describe=lambda _: Program(("/bin/sh", "-c", "exit 3")))
    with real_scheduler(tmp_path, {kind.name: kind}) as made:
        queue_id = made.scheduler.submit(files_of(tmp_path, direct=True, kind=kind)).queue_id
        wait_until(lambda: isinstance(made.state(queue_id), Ended))
        state = made.scheduler.job(queue_id).state
        assert isinstance(state, Ended) and state.reason == "ended with exit code 3"


def running(real: RealScheduler, queue_id: str) -> Running:
    state = wait_until(lambda: _running_or_ended(real, queue_id))
    assert isinstance(state, Running), state
    return state


def _running_or_ended(real: RealScheduler, queue_id: str) -> Running | Ended | None:
    state = real.state(queue_id)
    return state if isinstance(state, Running | Ended) else None


def _running_port(real: RealScheduler, queue_id: str) -> int | None:
    state = real.scheduler.job(queue_id).state
    assert not isinstance(state, Ended), state
    return state.port if isinstance(state, Running) else None


def _take(port: int | None) -> socket.socket:
    """Binds the port as soon as the process that has it has exited."""

    def take() -> socket.socket | None:
        assert port is not None
        try:
            return socket.create_server(("127.0.0.1", port))
        except OSError:
            return None

    taken = wait_until(take)
    assert taken is not None
    return taken
