"""Removed jobs can be restored for a while, also by the next server."""

from __future__ import annotations

from pathlib import Path

import pytest
from jobs import make_job, running

from forgather_units.domain.job import Ended, Job, Outcome
from forgather_units.domain.job_query import JobQuery
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.viewers.table import KINDS


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "forgather.db"


@pytest.fixture
def store(file: Path) -> JobStore:
    return JobStore(open_database(file), KINDS)


def ended(number: int) -> Job:
    return make_job(number, state=Ended(Outcome.FAILED, 1000.0 + number, reason="no such plugin"))


def ids(store: JobStore) -> list[str]:
    return [job.queue_id for job in store.page(JobQuery()).jobs]


def test_a_removed_job_is_found_only_to_restore_it(store: JobStore, file: Path) -> None:
    first, second = ended(1), ended(2)
    for job in (first, second):
        store.save(job)
    assert store.remove([first.queue_id, "q_9_missing"], now=100.0) == [(first.queue_id, "")]
    assert ids(store) == [second.queue_id]
    assert store.find(first.queue_id) is None
    assert store.ended_by_status() == {"failed": 1}
    store.close()
    again = JobStore(open_database(file), KINDS)
    names = [first.queue_id, second.queue_id, "q_\udcff"]
    assert again.removed(names, since=100.0) == []
    assert again.removed(names, since=99.0) == [first]
    again.restore([first])
    assert ids(again) == [second.queue_id, first.queue_id]
    assert again.removed(names, since=99.0) == []


def test_records_that_are_too_old_are_deleted(store: JobStore) -> None:
    jobs = [ended(number) for number in range(5)]
    for job in jobs:
        store.save(job)
        store.remove([job.queue_id], now=job.submitted_at)
    names = [job.queue_id for job in jobs]
    times = sorted(job.submitted_at for job in jobs)
    assert store.forget_removed(before=times[2], most=2) == 2
    assert store.forget_removed(before=times[2], most=2) == 1
    assert store.forget_removed(before=times[2], most=2) == 0
    assert store.removed(names, since=0.0) == jobs[3:]


def test_only_ended_jobs_of_a_user_s_removal_are_kept(store: JobStore) -> None:
    alive, expired = running(1, 6006), ended(2)
    for job in (alive, expired):
        store.save(job)
    store.remove([alive.queue_id], now=100.0)
    store.remove([expired.queue_id])
    assert store.removed([alive.queue_id, expired.queue_id], since=0.0) == []
