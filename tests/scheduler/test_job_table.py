"""The instance of a service, and the storage of ended jobs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from jobs import make_job, running

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Job, Outcome
from forgather_units.domain.job_query import JobQuery, Which
from forgather_units.scheduler import transitions
from forgather_units.scheduler.events import Event, EventBus, Removed, Subject
from forgather_units.scheduler.job_table import JobTable
from forgather_units.store.database import open_database
from forgather_units.store.history import Retention
from forgather_units.store.jobs import JobStore
from forgather_units.viewers.table import KINDS

LAB = "/api/tb/lab"


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(open_database(tmp_path / "forgather.db"), KINDS)


@pytest.fixture
def table(store: JobStore) -> JobTable:
    return JobTable(store, EventBus())


def of(service: str, job: Job) -> Job:
    return replace(job, submission=replace(job.submission, service=service))


def ended(job: Job) -> Job:
    aborted = transitions.cancelled(job, 9.0)
    assert aborted.status == Outcome.ABORTED.value
    return aborted


def instance_of_lab(table: JobTable) -> str | None:
    job = table.instance(LAB)
    return job.queue_id if job else None


def test_a_service_s_instance_is_its_live_job_else_its_latest_one(table: JobTable) -> None:
    assert instance_of_lab(table) is None
    first, second = of("lab", running(1, 6006)), of("lab", make_job(2))
    table.accept(first)
    assert instance_of_lab(table) == first.queue_id
    table.accept(ended(second))
    assert instance_of_lab(table) == first.queue_id, "the later one has ended"
    table.note(ended(first))
    assert instance_of_lab(table) == second.queue_id, "both have ended"
    table.remove([second.queue_id])
    assert instance_of_lab(table) == first.queue_id
    table.remove([first.queue_id])
    assert instance_of_lab(table) is None


def test_the_instance_has_the_latest_state(table: JobTable) -> None:
    job = of("lab", make_job(1))
    table.accept(job)
    now = of("lab", running(1, 6007))
    table.note(now)
    assert table.instance(LAB) == now


def test_other_names_and_other_kinds_have_other_instances(table: JobTable) -> None:
    table.accept(of("lab", make_job(1)))
    table.accept(of("lab2", make_job(2)))
    table.accept(make_job(3))
    assert instance_of_lab(table) == make_job(1).queue_id
    assert table.instance("/api/mkdocs/lab") is None
    assert table.instance("/api/tb/") is None
    assert table.instance(make_job(3).path_prefix) is None, "no service"


def test_the_instance_survives_a_restart_of_the_server(store: JobStore, table: JobTable) -> None:
    table.accept(of("lab", ended(make_job(2))))
    table.accept(of("lab", running(1, 6006)))
    again = JobTable(store, EventBus())
    again.load()
    assert instance_of_lab(again) == make_job(1).queue_id


def ids(jobs: Iterable[Job]) -> list[str]:
    return [job.queue_id for job in jobs]


def test_an_ended_job_is_kept_in_the_store_only_and_still_found(store: JobStore, table: JobTable) -> None:
    job = running(1, 6006)
    table.accept(job)
    assert ids(table.present()) == [job.queue_id]
    table.note(ended(job))
    assert table.present() == []
    assert table.need(job.queue_id) == ended(job)
    again = JobTable(store, EventBus())
    again.load()
    assert again.present() == []
    assert again.need(job.queue_id) == ended(job)
    again.accept(job)
    assert ids(again.present()) == [job.queue_id], "queued again"


class FullDisk(JobStore):
    """Saves nothing while `is_full`."""

    is_full = False

    def save(self, job: Job) -> None:
        if self.is_full:
            raise Unavailable("the disk is full")
        super().save(job)


def test_an_ended_job_stays_in_memory_until_it_can_be_saved(tmp_path: Path) -> None:
    store = FullDisk(open_database(tmp_path / "forgather.db"), KINDS)
    table = JobTable(store, EventBus())
    job = of("lab", running(1, 6006))
    table.accept(job)
    store.is_full = True
    table.note(ended(job))
    assert table.need(job.queue_id) == ended(job)
    assert table.page(JobQuery()).jobs == [ended(job)]
    assert table.remove_expired(Retention(jobs=1, seconds=1.0), 1e9, 10) == [], "an unsaved job never expires"
    assert instance_of_lab(table) == job.queue_id
    store.is_full = False
    assert table.save_unsaved()
    assert table.present() == []
    assert table.page(JobQuery()).jobs == [ended(job)]
    assert instance_of_lab(table) == job.queue_id


def test_the_first_page_starts_with_live_jobs_and_the_next_one_continues(table: JobTable) -> None:
    for number in range(1, 6):
        table.accept(ended(make_job(number)))
    table.accept(running(7, 6007))
    table.accept(make_job(8))
    first = table.page(JobQuery(limit=2))
    assert [job.submitted_at for job in first.jobs][:2] == [8, 7]
    assert (len(first.jobs), first.total) == (4, 7)
    assert first.following is not None
    second = table.page(JobQuery(limit=10, before=first.following))
    assert second.following is None
    assert sorted(ids([*first.jobs, *second.jobs])) == sorted(ids([make_job(n) for n in (1, 2, 3, 4, 5, 7, 8)]))
    active = table.page(JobQuery(which=Which.ACTIVE))
    assert (ids(active.jobs), active.total) == ([running(7, 6007).queue_id], 1)
    assert ids(table.page(JobQuery(words=("queued",))).jobs) == [make_job(8).queue_id]


def test_many_removals_are_published_as_one_event(store: JobStore) -> None:
    changes = EventBus()
    table = JobTable(store, changes)
    for number in range(200):
        table.accept(ended(make_job(number)))
    published: list[Event] = []
    with changes.subscribed(published.append):
        few = table.remove_expired(Retention(jobs=190), 0.0, 100)
        assert published == [Removed(queue_id) for queue_id in sorted(few)]
        assert len(few) == 10
        assert len(table.remove_ended(None, None, 1000)) == 190
    assert published[10:] == [Subject.HISTORY]


def test_the_last_instance_of_a_service_outlives_the_retention(table: JobTable) -> None:
    table.accept(of("lab", ended(make_job(1))))
    table.accept(of("lab", ended(make_job(2))))
    assert table.remove_expired(Retention(seconds=1.0), 1e9, 10) == [make_job(1).queue_id]
    assert instance_of_lab(table) == make_job(2).queue_id
