"""When the failure of a viewer that binds its port itself counts as a lost port."""

from __future__ import annotations

from dataclasses import replace

import pytest
from jobs import running, starting

from forgather_units.domain.job import Ended, Exit, Job, Outcome, Sleeping
from forgather_units.domain.listening import PortState
from forgather_units.domain.placement import Placed, Placement
from forgather_units.scheduler.lost_ports import LostPorts

DIRECT, SOCKET = Placed(Placement.DIRECT), Placed(Placement.SOCKET)
STARTING = starting(1, 6006).placed_as(DIRECT)
FAILED = Ended(Outcome.FAILED, 9.0, Exit(code=1), "ended with exit code 1")


class Ports:
    """Every port is in the same state."""

    def __init__(self, state: PortState) -> None:
        self._state = state

    def state(self, address: str, port: int) -> PortState:
        return self._state

    def overlap(self, one: str, other: str) -> bool:
        return one == other


def is_lost(job: Job, ended: Ended = FAILED, port: PortState = PortState.TAKEN) -> bool:
    return LostPorts(Ports(port)).is_lost(job, job.now(ended))


def test_a_failure_before_readiness_on_a_taken_port_is_a_lost_port() -> None:
    assert is_lost(STARTING)
    assert is_lost(STARTING, replace(FAILED, exit=Exit(signal=6)))


@pytest.mark.parametrize(
    ("job", "ended"),
    [
        pytest.param(running(1, 6006).placed_as(DIRECT), FAILED, id="was ready"),
        pytest.param(STARTING.placed_as(SOCKET), FAILED, id="its socket unit binds the port"),
        pytest.param(STARTING.now(Sleeping(1.0, 6006)), FAILED, id="slept"),
        pytest.param(STARTING, replace(FAILED, exit=Exit(signal=9)), id="SIGKILL"),
        pytest.param(STARTING, replace(FAILED, outcome=Outcome.ABORTED), id="stopped"),
        pytest.param(STARTING, replace(FAILED, outcome=Outcome.DONE), id="done"),
    ],
)
def test_other_ends_are_no_lost_port(job: Job, ended: Ended) -> None:
    assert not is_lost(job, ended)


@pytest.mark.parametrize("state", [PortState.FREE, PortState.FORBIDDEN, PortState.NO_ADDRESS])
def test_no_port_is_lost_unless_it_is_taken(state: PortState) -> None:
    assert not is_lost(STARTING, port=state)


def test_a_job_may_lose_its_port_ten_times() -> None:
    """A viewer may leave a process behind that holds its port. The count restarts once it is ready, or ends."""
    ports = LostPorts(Ports(PortState.TAKEN))
    ended = STARTING.now(FAILED)
    assert [ports.is_lost(STARTING, ended) for _ in range(12)] == [True] * 10 + [False] * 2
    ports.forget(STARTING.queue_id)
    assert ports.is_lost(STARTING, ended)
