"""Which job a service's address leads to."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from jobs import make_job, running

from forgather_units.domain.job import Job, Outcome
from forgather_units.kinds.table import KINDS
from forgather_units.scheduler import endings
from forgather_units.scheduler.changes import Changes
from forgather_units.scheduler.roster import Roster
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore

LAB = "/api/tb/lab"


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return JobStore(open_database(tmp_path / "forgather.db"), KINDS)


@pytest.fixture
def roster(store: JobStore) -> Roster:
    return Roster(store, Changes())


def of(service: str, job: Job) -> Job:
    return replace(job, submission=replace(job.submission, service=service))


def ended(job: Job) -> Job:
    gone = endings.cancelled(job, 9.0)
    assert gone.status == Outcome.ABORTED.value
    return gone


def led_to(roster: Roster) -> str | None:
    job = roster.instance(LAB)
    return job.queue_id if job else None


def test_it_leads_to_the_one_that_has_not_ended_else_to_the_last_one(roster: Roster) -> None:
    assert led_to(roster) is None
    first, second = of("lab", running(1, 6006)), of("lab", make_job(2))
    roster.accept(first)
    assert led_to(roster) == first.queue_id
    roster.accept(ended(second))
    assert led_to(roster) == first.queue_id, "the later one has ended"
    roster.note(ended(first))
    assert led_to(roster) == second.queue_id, "both have ended"
    roster.remove([second.queue_id])
    assert led_to(roster) == first.queue_id
    roster.remove([first.queue_id])
    assert led_to(roster) is None


def test_it_is_of_the_present_state(roster: Roster) -> None:
    job = of("lab", make_job(1))
    roster.accept(job)
    now = of("lab", running(1, 6007))
    roster.note(now)
    assert roster.instance(LAB) == now


def test_other_names_and_other_kinds_have_their_own(roster: Roster) -> None:
    roster.accept(of("lab", make_job(1)))
    roster.accept(of("lab2", make_job(2)))
    roster.accept(make_job(3))
    assert led_to(roster) == make_job(1).queue_id
    assert roster.instance("/api/mkdocs/lab") is None
    assert roster.instance("/api/tb/") is None
    assert roster.instance(make_job(3).path_prefix) is None, "no service"


def test_it_outlives_the_server(store: JobStore, roster: Roster) -> None:
    roster.accept(of("lab", ended(make_job(2))))
    roster.accept(of("lab", running(1, 6006)))
    again = Roster(store, Changes())
    again.load()
    assert led_to(again) == make_job(1).queue_id
