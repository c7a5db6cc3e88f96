"""A sweep lists all units in one call, inspects those that differ, and does not delay other tasks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from files_kind import FILES, files_of
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Job, Running, Sleeping
from forgather_units.scheduler.actor import Actor
from forgather_units.units.control import UnitState, Viewers

MANY = 5


class CountingViewers(Viewers):
    """Records the inspections of single units."""

    inspected: ClassVar[list[str]] = []

    def look(self, job: Job) -> UnitState:
        self.inspected.append(job.queue_id)
        return super().look(job)


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, {FILES.name: FILES}, viewers_type=CountingViewers) as made:
        yield made


@pytest.fixture
def sleeping(real: RealScheduler, tmp_path: Path) -> list[str]:
    ids = [real.scheduler.submit(files_of(tmp_path)).queue_id for _ in range(MANY)]
    wait_until(lambda: all(isinstance(real.state(each), Sleeping) for each in ids))
    CountingViewers.inspected.clear()
    return ids


def test_sleeping_units_are_not_inspected_one_by_one(real: RealScheduler, sleeping: list[str]) -> None:
    assert real.scheduler.sweep() == 0
    assert CountingViewers.inspected == []


def test_changed_units_are_inspected(real: RealScheduler, sleeping: list[str]) -> None:
    woken, killed, *others = sleeping
    real.scheduler.wake(woken)
    wait_until(lambda: isinstance(real.state(woken), Running))
    # Without the scheduler's knowledge.
    real.viewers.stop(real.scheduler.job(killed))
    wait_until(lambda: (real.scheduler.sweep(), real.scheduler.job(killed).is_ended)[1])
    CountingViewers.inspected.clear()
    real.scheduler.sweep()
    assert not set(CountingViewers.inspected) & set(others)
    assert woken in CountingViewers.inspected


def test_other_tasks_run_between_two_inspections(
    real: RealScheduler, sleeping: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A kill requested during the inspection of one unit runs before the last inspection."""
    for queue_id in sleeping:
        real.scheduler.wake(queue_id)
    wait_until(lambda: all(isinstance(real.state(each), Running) for each in sleeping))
    order: list[str] = []
    asked = threading.Event()

    def ask() -> None:
        asked.set()
        real.scheduler.ping()

    other = threading.Thread(target=ask)
    look, post = CountingViewers.look, Actor.post
    has_posted = threading.Event()

    def post_and_signal(self: Actor, task: Callable[[], object]) -> None:
        if threading.current_thread() is not other:
            return post(self, task)

        def serve() -> None:
            order.append("served")
            task()

        post(self, serve)
        has_posted.set()
        return None

    def look_after_a_request(self: CountingViewers, job: Job) -> UnitState:
        order.append("inspection")
        if not asked.is_set():
            other.start()
            asked.wait(120)
            assert has_posted.wait(120)
        return look(self, job)

    monkeypatch.setattr(Actor, "post", post_and_signal)
    monkeypatch.setattr(CountingViewers, "look", look_after_a_request)
    real.scheduler.sweep()
    other.join(120)
    assert order.index("served") < len(order) - 1, order
    assert order.count("inspection") >= MANY
