"""An error belongs to the job that caused it: not to the queue, to another request, or to the server's start.

The tests inject errors: each represents an unforeseen one, at a point where any may happen.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from files_kind import FILES, files_of
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Ended, Job, Outcome, Running, Sleeping, Starting
from forgather_units.domain.listening import PortState
from forgather_units.host.addresses import MachinePorts
from forgather_units.store.jobs import JobStore
from forgather_units.units.control import Viewers

BAD_PORT = 9999
FAULTS: dict[str, Exception] = {}
"""The exception for the job on BAD_PORT, by method name."""
ERRORS = [RuntimeError("injected"), UnicodeEncodeError("utf-8", "\udce9", 0, 1, "injected"), AssertionError("injected")]


def fault(method: str, job: Job) -> None:
    if job.submission.options.port == BAD_PORT and (error := FAULTS.get(method)):
        raise error


class FaultyPorts(MachinePorts):
    def state(self, address: str, port: int) -> PortState:
        if port == BAD_PORT and (error := FAULTS.get("planned")):
            raise error
        return super().state(address, port)


class FaultyViewers(Viewers):
    def start(self, job: Job, port: int | None) -> Any:
        fault("started", job)
        placed = super().start(job, port)
        fault("after its start", job)
        return placed

    def look(self, job: Job) -> Any:
        fault("inspected", job)
        return super().look(job)

    def forget(self, job: Job) -> None:
        fault("forgotten", job)
        super().forget(job)


class FaultyStore(JobStore):
    def save(self, job: Job) -> None:
        if not job.is_ended and job.is_active:
            fault("recorded", job)
        if job.is_ended:
            fault("recorded at its end", job)
        super().save(job)


@pytest.fixture
def real(tmp_path: Path, needs_socket_placement: None) -> Iterator[RealScheduler]:
    FAULTS.clear()
    with real_scheduler(
        tmp_path, {FILES.name: FILES}, FaultyPorts(), viewers_type=FaultyViewers, store_type=FaultyStore
    ) as made:
        yield made
        FAULTS.clear()


def submit(real: RealScheduler, folder: Path, **how: Any) -> str:
    return real.scheduler.submit(files_of(folder, **how)).queue_id


def ended(real: RealScheduler, queue_id: str) -> Ended:
    state = wait_until(lambda: real.scheduler.job(queue_id).is_ended and real.scheduler.job(queue_id).state)
    assert isinstance(state, Ended)
    return state


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("moment", ["planned", "started", "after its start", "recorded"])
def test_a_job_that_cannot_be_started_fails_alone(
    real: RealScheduler, tmp_path: Path, moment: str, error: Exception
) -> None:
    """The failing job comes before another one in the same dispatch."""
    FAULTS[moment] = error
    scheduler = real.scheduler
    scheduler.set_enabled(False)
    bad = submit(real, tmp_path, port=BAD_PORT, priority=1)
    good = submit(real, tmp_path)
    scheduler.set_enabled(True)
    state = ended(real, bad)
    assert (state.outcome, "injected" in state.reason) == (Outcome.FAILED, True), state.reason
    assert isinstance(real.state(good), Sleeping)
    later = submit(real, tmp_path)
    assert isinstance(real.state(later), Sleeping)
    real.wait_unloaded(bad)
    real.restart()
    assert ended(real, bad).outcome is Outcome.FAILED
    assert isinstance(real.state(good), Sleeping)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_a_job_that_cannot_be_inspected_fails_alone(real: RealScheduler, tmp_path: Path, error: Exception) -> None:
    # A job whose unit sleeps, as its record says, is not inspected.
    bad, good = submit(real, tmp_path, port=BAD_PORT, lazy=False), submit(real, tmp_path)
    FAULTS["inspected"] = error
    real.restart()
    state = ended(real, bad)
    assert (state.outcome, "injected" in state.reason) == (Outcome.FAILED, True)
    assert isinstance(real.scheduler.job(good).state, Sleeping)
    FAULTS.clear()
    real.wait_unloaded(bad)
    assert "has ended already" in real.scheduler.kill(bad)


@pytest.mark.parametrize("moment", ["forgotten", "recorded at its end"])
def test_an_end_that_fails_at_first_is_completed_by_a_sweep(real: RealScheduler, tmp_path: Path, moment: str) -> None:
    bad, good = submit(real, tmp_path, port=BAD_PORT), submit(real, tmp_path)
    FAULTS[moment] = RuntimeError("injected")
    real.scheduler.kill(bad)
    wait_until(lambda: (real.scheduler.sweep(), real.scheduler.job(bad).is_ended)[1])
    assert isinstance(real.state(good), Sleeping)
    assert isinstance(real.state(submit(real, tmp_path)), Sleeping)


def test_a_job_survives_while_the_manager_is_away(real: RealScheduler, tmp_path: Path) -> None:
    bad = submit(real, tmp_path, port=BAD_PORT, lazy=False)
    FAULTS["inspected"] = Unavailable("the manager does not answer")
    real.restart()
    assert isinstance(real.scheduler.job(bad).state, Starting | Running)
    FAULTS.clear()
    wait_until(lambda: isinstance(real.state(bad), Running))


def test_an_unusable_record_is_set_aside(real: RealScheduler, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The server adopts the running unit by the job data that the unit itself carries."""
    running, other = submit(real, tmp_path), submit(real, tmp_path)
    real.damage("UPDATE jobs SET record = '{}' WHERE queue_id = ?", running)
    real.restart()
    assert running in caplog.text
    assert {job.queue_id for job in real.scheduler.jobs()} == {running, other}
    assert {type(job.state) for job in real.scheduler.jobs()} == {Sleeping}
