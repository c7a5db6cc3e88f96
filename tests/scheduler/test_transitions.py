"""The state of a job after an inspection of its live unit."""

from __future__ import annotations

from dataclasses import replace

from jobs import running, starting

from forgather_units.domain.job import Job, Running, Sleeping, Starting
from forgather_units.domain.placement import Placed, Placement
from forgather_units.scheduler import transitions
from forgather_units.units.control import Alive
from forgather_units.units.exit_record import ExitRecord

SOCKET = Placed(Placement.SOCKET)
SEEN = Alive("ab" * 16, 7, since=5.0, active_since=None, restarts=0)


def placed(job: Job) -> Job:
    return job.placed_as(SOCKET)


def test_behind_a_socket_the_unit_s_active_time_means_running() -> None:
    job = placed(starting(1, 6006))
    assert transitions.alive(job, SEEN, 9.0).state == Starting(5.0, 6006, 7)
    assert transitions.alive(job, replace(SEEN, active_since=6.0), 9.0).state == Running(5.0, 6.0, 6006, 7)


def test_a_woken_job_is_starting() -> None:
    asleep = transitions.asleep(placed(running(1, 6006)), 8.0)
    assert asleep.state == Sleeping(8.0, 6006, 1.0)
    assert transitions.alive(asleep, SEEN, 9.0).state == Starting(5.0, 6006, 7)
    assert transitions.asleep(asleep, 99.0) == asleep


def test_a_direct_job_is_not_running_until_the_server_has_probed_it() -> None:
    job = starting(1, 6006).placed_as(Placed(Placement.DIRECT))
    assert isinstance(transitions.alive(job, replace(SEEN, active_since=6.0), 9.0).state, Starting)


def test_a_job_that_systemd_restarts_keeps_its_last_failure() -> None:
    record = ExitRecord("signal", None, 11, "cd" * 16, stopped=False, at=9.0)
    again = transitions.restarting(placed(running(1, 6006)), record)
    assert (again.state, again.last_failure) == (Starting(9.0, 6006), "ended with signal 11 (SIGSEGV)")
    assert transitions.alive(again, replace(SEEN, restarts=1), 9.0).restarts == 1


def test_a_unit_that_is_stopping_counts_as_running() -> None:
    job = placed(running(1, 6006))
    assert isinstance(transitions.alive(job, replace(SEEN, pid=None), 9.0).state, Running)
