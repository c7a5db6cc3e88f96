"""Pages of ended jobs, searches, and the removal of expired ones."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from jobs import make_job, running

from forgather_units.domain.job import Ended, Job, Outcome
from forgather_units.domain.job_query import Cursor, JobQuery, Order, Which
from forgather_units.domain.record import record_of
from forgather_units.store.database import open_database
from forgather_units.store.history import Retention
from forgather_units.store.jobs import JobStore
from forgather_units.store.migrations import STEPS
from forgather_units.viewers.table import KINDS


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(open_database(tmp_path / "forgather.db"), KINDS)


def ended(
    number: int, *, logdir: str = "", service: str = "", owner: str = "", finished_at: float | None = None
) -> Job:
    moment = 100.0 + number if finished_at is None else finished_at
    job = make_job(number, logdir=logdir or f"/runs/{number:03}", state=Ended(Outcome.DONE, moment))
    return replace(job, submission=replace(job.submission, service=service, owner=owner))


def numbers(jobs: object) -> list[int]:
    return [int(job.submitted_at) for job in jobs]  # type: ignore[attr-defined]


def all_pages(store: JobStore, query: JobQuery) -> list[list[int]]:
    pages = []
    while True:
        page = store.page(query)
        pages.append(numbers(page.jobs))
        if page.following is None:
            return pages
        query = replace(query, before=Cursor.parse(str(page.following)))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        (Order.NEWEST, [[7, 6, 5], [4, 3, 2], [1]]),
        (Order.OLDEST, [[1, 2, 3], [4, 5, 6], [7]]),
        (Order.NAME, [[3, 1, 2], [4, 5, 6], [7]]),
    ],
)
def test_each_ended_job_is_on_one_page(store: JobStore, order: Order, expected: list[list[int]]) -> None:
    for number in range(1, 8):
        store.save(ended(number, logdir="/runs/0 First" if number == 3 else ""))
    store.save(running(9, 6006))
    assert all_pages(store, JobQuery(order=order, limit=3)) == expected
    assert store.page(JobQuery(limit=3)).total == 7


def test_jobs_with_the_same_end_time_are_each_on_one_page(store: JobStore) -> None:
    for number in range(1, 10):
        store.save(ended(number, finished_at=50.0))
    shown = [number for page in all_pages(store, JobQuery(limit=2)) for number in page]
    assert sorted(shown) == list(range(1, 10))


def test_the_order_is_by_the_end_and_not_by_the_submission(store: JobStore) -> None:
    store.save(ended(5))
    store.save(ended(1, finished_at=1000.0))
    assert numbers(store.page(JobQuery(limit=1)).jobs) == [1]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("llama", [2, 1]),
        ("LLAMA big", [2]),
        ("grösse", [3]),
        ("GRÖSSE", [3]),
        ("q_3000", [3]),
        ("done", [4, 3, 2, 1]),
        ("100%", []),
        ("_", [4, 3, 2, 1]),
        ("caf\udce9", [4]),
    ],
)
def test_jobs_are_found_by_words(store: JobStore, text: str, found: list[int]) -> None:
    for number, logdir in enumerate(("/runs/llama", "/runs/Big/Llama", "/runs/Größe", "/runs/caf\udce9"), start=1):
        store.save(ended(number, logdir=logdir))
    page = store.page(JobQuery(words=tuple(text.casefold().split())))
    assert numbers(page.jobs) == found
    assert page.total == len(found)
    live = [ended(n, logdir=each) for n, each in enumerate(("/runs/llama", "/runs/Big/Llama"), start=1)]
    query = JobQuery(words=tuple(text.casefold().split()))
    assert [int(job.submitted_at) for job in live if query.accepts(job)] == sorted(set(found) & {1, 2})


def test_a_search_by_id_ignores_other_fields(store: JobStore) -> None:
    store.save(ended(1, logdir="/runs/q_2000"))
    store.save(ended(2))
    assert numbers(store.page(JobQuery(id_part="2000")).jobs) == [2]


@pytest.mark.parametrize("which", [Which.ACTIVE, Which.QUEUED])
def test_queries_for_live_jobs_return_no_ended_ones(store: JobStore, which: Which) -> None:
    store.save(ended(1))
    page = store.page(JobQuery(which=which))
    assert (list(page.jobs), page.following, page.total) == ([], None, 0)


@pytest.mark.parametrize("text", ["", "x", "!!", "e30", "WzFd", "W251bGwsInEiXQ", "WzEsMl0", "\u00e9", "[" * 3000])
def test_an_invalid_cursor_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no cursor of this list"):
        Cursor.parse(text)


def expired(store: JobStore, now: float = 1000.0, **kept: float | int) -> list[str]:
    return store.expired(Retention(**kept), now, 100)  # type: ignore[arg-type]


def test_the_retention_by_number_and_by_age(store: JobStore) -> None:
    jobs = [ended(number) for number in range(1, 6)]
    for job in jobs:
        store.save(job)
    store.save(running(9, 6006))
    ids = [job.queue_id for job in jobs]
    assert expired(store) == []
    assert expired(store, jobs=5) == []
    assert expired(store, jobs=3) == ids[:2]
    assert expired(store, now=203.5, seconds=100) == ids[:3]
    assert expired(store, now=203.5, seconds=100, jobs=1) == ids[:4]
    assert store.expired(Retention(jobs=1), 0.0, 2) == ids[:2], "the number per call is limited"


def test_the_last_instance_of_a_service_never_expires(store: JobStore) -> None:
    first, last = ended(1, service="lab"), ended(2, service="lab")
    for job in (first, last, ended(3), ended(4, service="other")):
        store.save(job)
    assert expired(store, seconds=1) == [first.queue_id, ended(3).queue_id]
    alive = running(5, 6007)
    store.save(replace(alive, submission=replace(alive.submission, service="lab")))
    assert expired(store, seconds=1) == [first.queue_id, last.queue_id, ended(3).queue_id]


def test_a_database_of_the_first_version_is_migrated(tmp_path: Path) -> None:
    file = tmp_path / "old.db"
    connection = sqlite3.connect(file)
    connection.executescript(STEPS[0])
    jobs = [ended(number, service="lab" if number == 1 else "") for number in range(1, 1501)]
    live = running(2000, 6006)
    for job in (*jobs, live):
        row = (job.queue_id, job.submitted_at, job.status, json.dumps(record_of(job)))
        connection.execute("INSERT INTO jobs VALUES (?, ?, ?, ?)", row)
    connection.execute("INSERT INTO jobs VALUES ('q_9_00000000', 9, 'done', '{}')")
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    store = JobStore(open_database(file), KINDS)
    assert store.load() == [live]
    page = store.page(JobQuery(limit=2))
    assert (numbers(page.jobs), page.total) == ([1500, 1499], 1500)
    assert numbers(store.page(JobQuery(words=("/runs/777",))).jobs) == [777]
    assert store.last_instances() == {"/api/tb/lab": jobs[0].queue_id}
    assert store.ended_by_status() == {"done": 1500}
    store.close()
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (1502,), "the unreadable record is kept"


@pytest.mark.parametrize("order", Order)
def test_no_page_sorts_the_whole_history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, order: Order) -> None:
    """An index gives the order, so that a page costs the same however many jobs there are."""
    statements: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **how: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **how)
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3, "connect", traced)
    store = JobStore(open_database(tmp_path / "forgather.db"), KINDS)
    statements.clear()
    store.page(JobQuery(order=order, before=Cursor(1.0, "q")))
    select = next(each for each in statements if "LIMIT" in each)
    plan = connect(tmp_path / "forgather.db").execute(f"EXPLAIN QUERY PLAN {select}").fetchall()
    assert not [row for row in plan if "TEMP B-TREE" in row[-1]], plan
    assert [row for row in plan if "USING INDEX" in row[-1]], plan
