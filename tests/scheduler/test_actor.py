"""The order in which an actor runs tasks, and the results that its callers get."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial

import pytest

from forgather_units.scheduler.actor import Actor


@pytest.fixture
def ran() -> list[str]:
    return []


@pytest.fixture
def actor(ran: list[str]) -> Iterator[Actor]:
    made = Actor("actor", after_each=lambda: ran.append("after"))
    made.start()
    yield made
    made.stop()


def test_after_each_runs_before_the_task_s_result_is_returned(actor: Actor, ran: list[str]) -> None:
    actor.ask(lambda: ran.append("task"))
    assert ran[:2] == ["task", "after"]


def test_an_error_is_raised_in_the_caller_and_the_next_task_runs(actor: Actor) -> None:
    def fail() -> None:
        raise ValueError("of the task")

    with pytest.raises(ValueError, match="of the task"):
        actor.ask(fail)
    actor.post(fail)
    assert actor.ask(lambda: 7) == 7


def test_a_delayed_task_does_not_delay_others(actor: Actor, ran: list[str]) -> None:
    done = threading.Event()

    def later() -> None:
        ran.append("later")
        done.set()

    actor.ask(lambda: actor.after(0.05, later))
    actor.ask(lambda: ran.append("now"))
    assert done.wait(120)
    assert ran.index("now") < ran.index("later")


def test_stop_finishes_the_tasks_posted_before_it(ran: list[str]) -> None:
    made = Actor("actor")
    made.start()
    for number in range(3):
        made.post(partial(ran.append, str(number)))
    made.stop()
    assert ran == ["0", "1", "2"]
