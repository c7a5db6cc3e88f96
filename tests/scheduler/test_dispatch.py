"""A dispatch that is requested during another one, and units that exist for jobs that have none on record."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from files_kind import FILES, files_of
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Ended, Job, Queued, Running, Sleeping, Starting
from forgather_units.systemd.manager import UnitRefused
from forgather_units.units.control import Viewers

REFUSED_PORT = 9998


class RefusingViewers(Viewers):
    """systemd refuses the units of the job on REFUSED_PORT."""

    attempts = 0

    def start(self, job: Job, port: int | None) -> Any:
        type(self).attempts += 1
        if port == REFUSED_PORT:
            raise UnitRefused("Argument list too long")
        return super().start(job, port)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, {FILES.name: FILES}, viewers_type=RefusingViewers, max_running=2) as made:
        yield made


def test_a_refused_unit_at_the_head_of_the_queue(real: RealScheduler, tmp_path: Path) -> None:
    scheduler = real.scheduler
    scheduler.set_enabled(False)
    refused = scheduler.submit(files_of(tmp_path, REFUSED_PORT, priority=1, lazy=False)).queue_id
    others = [scheduler.submit(files_of(tmp_path, lazy=False)).queue_id for _ in range(3)]
    before = RefusingViewers.attempts
    scheduler.set_enabled(True)
    states = [scheduler.job(queue_id).state for queue_id in (refused, *others)]
    assert isinstance(states[0], Ended) and "systemd refused its unit: Argument list too long" in states[0].reason
    assert [type(state) for state in states[1:3]] == [Starting, Starting]
    assert states[3] == Queued("limit reached (max_running is 2)")
    assert RefusingViewers.attempts == before + 3, "each was started once"
    wait_until(lambda: isinstance(real.state(others[0]), Running))
    # The cap holds while one after the other ends.
    scheduler.kill(others[0])
    wait_until(lambda: isinstance(real.state(others[2]), Starting | Running))
    assert sum(isinstance(job.state, Starting | Running) for job in scheduler.jobs()) == 2


def test_a_queued_job_adopts_its_own_unit(real: RealScheduler, tmp_path: Path, free_port: Callable[[], int]) -> None:
    """The unit of a queued job runs already, because systemd's reply to its start was lost."""
    scheduler, port = real.scheduler, free_port()
    scheduler.set_enabled(False)
    queue_id = scheduler.submit(files_of(tmp_path, port)).queue_id
    real.viewers.start(scheduler.job(queue_id), port)
    scheduler.set_enabled(True)
    # Without a sweep, which would adopt every unit it finds.
    assert isinstance(scheduler.job(queue_id).state, Sleeping)
    assert scheduler.job(queue_id).has_socket
    scheduler.kill(queue_id)
    wait_until(lambda: isinstance(real.state(queue_id), Ended))


def test_cancelling_a_queued_job_stops_its_unit(
    real: RealScheduler, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    scheduler, port = real.scheduler, free_port()
    scheduler.set_enabled(False)
    queue_id = scheduler.submit(files_of(tmp_path, port)).queue_id
    real.viewers.start(scheduler.job(queue_id), port)
    scheduler.kill(queue_id)
    real.wait_unloaded(queue_id)


@pytest.mark.parametrize("lazy", [True, False])
def test_a_sweep_stops_a_live_unit_of_an_ended_job(
    real: RealScheduler, tmp_path: Path, free_port: Callable[[], int], lazy: bool
) -> None:
    scheduler, port = real.scheduler, free_port()
    scheduler.set_enabled(False)
    queue_id = scheduler.submit(files_of(tmp_path, port, lazy=lazy)).queue_id
    scheduler.kill(queue_id)
    job = scheduler.job(queue_id)
    real.viewers.start(job, port)
    assert scheduler.sweep() == 1
    real.wait_unloaded(queue_id)
    assert scheduler.sweep() == 0
