"""What a look at a living unit means."""

from __future__ import annotations

from dataclasses import replace

from jobs import running, starting

from forgather_units.domain.job import Job, Running, Sleeping, Starting
from forgather_units.domain.placement import Placed, Placement
from forgather_units.scheduler import life
from forgather_units.units.exit_record import ExitRecord
from forgather_units.units.viewers import Alive

SOCKET = Placed(Placement.SOCKET)
SEEN = Alive("ab" * 16, 7, since=5.0, active_since=None, restarts=0)


def placed(job: Job) -> Job:
    return job.placed_as(SOCKET)


def test_behind_a_socket_systemd_says_when_it_answered() -> None:
    job = placed(starting(1, 6006))
    assert life.alive(job, SEEN, 9.0).state == Starting(5.0, 6006, 7)
    assert life.alive(job, replace(SEEN, active_since=6.0), 9.0).state == Running(5.0, 6.0, 6006, 7)


def test_a_woken_one_starts() -> None:
    asleep = life.asleep(placed(running(1, 6006)), 8.0)
    assert asleep.state == Sleeping(8.0, 6006, 1.0)
    assert life.alive(asleep, SEEN, 9.0).state == Starting(5.0, 6006, 7)
    assert life.asleep(asleep, 99.0) == asleep


def test_one_with_a_port_of_its_own_is_asked_by_us() -> None:
    job = starting(1, 6006).placed_as(Placed(Placement.DIRECT))
    assert isinstance(life.alive(job, replace(SEEN, active_since=6.0), 9.0).state, Starting)


def test_a_failure_is_remembered_when_it_comes_back() -> None:
    record = ExitRecord("signal", None, 11, "cd" * 16, stopped=False, at=9.0)
    again = life.restarting(placed(running(1, 6006)), record)
    assert (again.state, again.last_failure) == (Starting(9.0, 6006), "ended with signal 11 (SIGSEGV)")
    assert life.alive(again, replace(SEEN, restarts=1), 9.0).restarts == 1


def test_one_on_its_way_down_still_counts_as_running() -> None:
    job = placed(running(1, 6006))
    assert isinstance(life.alive(job, replace(SEEN, pid=None), 9.0).state, Running)
