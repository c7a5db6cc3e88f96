"""Jobs that will respond again soon after they were put to sleep or restarted."""

from __future__ import annotations

from dataclasses import replace

import pytest
from clock import Clock
from jobs import make_job, running

from forgather_units.domain.job import Ended, Job, Outcome, Queued, Running, Sleeping, Starting
from forgather_units.domain.placement import Placed, Placement
from forgather_units.scheduler.returning import WITHIN, Returning

SOCKET = Placed(Placement.SOCKET, (), ())
DIRECT = Placed(Placement.DIRECT, (), ())
AWAKE = replace(running(1, 6006), placed=SOCKET, invocation_id="a" * 32)
STARTS = Starting(2.0, 6006)
ENDED = Ended(Outcome.ABORTED, 2.0)
ASKED = replace(AWAKE, stop_requested=True, restart_requested=True)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def returning(clock: Clock) -> Returning:
    return Returning(clock)


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (AWAKE, True),
        (replace(AWAKE, state=Running(1.0, 2.0, 6006, None)), True),
        (AWAKE.now(Sleeping(2.0, 6006)), False),
        (AWAKE.now(STARTS), False),
        # Woken before the server noticed that it slept.
        (replace(AWAKE, invocation_id="b" * 32), False),
        (AWAKE.now(ENDED), False),
    ],
)
def test_a_job_returns_until_it_sleeps(returning: Returning, job: Job, expected: bool) -> None:
    assert not returning.includes(job)
    returning.falls_asleep(AWAKE)
    assert returning.includes(job) is expected
    assert len(returning) == expected


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        (ASKED, True),
        (ASKED.now(ENDED), True),
        (make_job().now(Queued("its port is still held")), True),
        (replace(AWAKE, placed=DIRECT).now(STARTS), True),
        (replace(AWAKE, placed=DIRECT), False),
        (AWAKE.now(STARTS), False),
        (AWAKE.now(Sleeping(2.0, 6006)), False),
        # Killed meanwhile, or refused by systemd.
        (AWAKE.now(ENDED), False),
    ],
)
def test_a_restarted_job_returns_until_it_is_placed_again(returning: Returning, job: Job, expected: bool) -> None:
    returning.restarts(AWAKE)
    assert returning.includes(job) is expected


def test_a_job_returns_for_a_limited_time(returning: Returning, clock: Clock) -> None:
    """A job restarted into a paused queue counts as waiting after that."""
    returning.restarts(AWAKE)
    clock.now = WITHIN - 1
    assert returning.includes(make_job())
    clock.now = WITHIN
    assert not returning.includes(make_job())


def test_a_job_without_requests_is_forgotten(returning: Returning, clock: Clock) -> None:
    for number in range(10):
        returning.restarts(replace(AWAKE, queue_id=f"q_{number}000_00000000"))
    clock.now = WITHIN
    returning.falls_asleep(AWAKE)
    assert len(returning) == 1
