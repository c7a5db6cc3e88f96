"""Who is next, and what the others are told."""

from __future__ import annotations

from collections.abc import Collection

from jobs import make_job, running

from forgather_units.domain.job import Job
from forgather_units.scheduler.order import Plan, dispatch_order, plan


class Machine:
    """Ports of which `busy` are somebody else's. (A table in place of a machine: any port must be busy on demand.)"""

    def __init__(self, busy: Collection[int] = ()) -> None:
        self._busy = busy

    def is_free(self, address: str, port: int) -> bool:
        return port not in self._busy

    def overlap(self, one: str, other: str) -> bool:
        return one == other or "0.0.0.0" in (one, other)


def decide(
    queued: list[Job], active: list[Job] | None = None, busy: Collection[int] = (), max_running: int = 0
) -> Plan:
    return plan(queued, active or [], Machine(busy), enabled=True, max_running=max_running)


def test_priority_then_submission() -> None:
    low, late, high = make_job(1), make_job(3), make_job(2, priority=5)
    assert dispatch_order([late, low, high]) == [high, low, late]


def test_the_freed_port_goes_to_the_highest_priority() -> None:
    low, high = make_job(1), make_job(2, priority=5)
    steps = decide([low, high])
    assert steps.starts == [(high, 6006)]
    assert steps.waits == {low.queue_id: f"port 6006 is held by {high.queue_id} (tiny_llama)"}


def test_a_held_port_is_named_with_its_holder_and_the_next_goes_ahead() -> None:
    holder, waiting, ahead = running(1, 6006), make_job(2), make_job(3, port=6007)
    steps = decide([waiting, ahead], [holder])
    assert steps.starts == [(ahead, 6007)]
    assert steps.waits == {waiting.queue_id: f"port 6006 is held by {holder.queue_id} (tiny_llama)"}
    assert not steps.waits_for_foreign


def test_a_foreign_process_is_said() -> None:
    waiting = make_job(1)
    steps = decide([waiting], busy=[6006])
    assert steps.waits == {waiting.queue_id: "port 6006 is held by another process"}
    assert steps.waits_for_foreign


def test_auto_takes_the_lowest_free_port() -> None:
    first, second = make_job(1, port="auto"), make_job(2, port="auto")
    steps = decide([first, second], [running(3, 6006)], busy=[6007])
    assert steps.starts == [(first, 6008), (second, 6009)]


def test_one_port_on_two_addresses_is_two_ports_unless_one_binds_all() -> None:
    one, other, every = make_job(1), make_job(2, host="127.0.0.2"), make_job(3, bind_all=True)
    steps = decide([one, other, every])
    assert [job for job, _ in steps.starts] == [one, other]
    assert every.queue_id in steps.waits


def test_the_cap() -> None:
    first, second = make_job(1), make_job(2, port=6007)
    steps = decide([first, second], [running(3, 6008)], max_running=2)
    assert steps.starts == [(first, 6006)]
    assert "max_running 2" in steps.waits[second.queue_id]


def test_a_pause_stops_all_and_says_so() -> None:
    job = make_job(1)
    steps = plan([job], [], Machine(), enabled=False, max_running=0)
    assert steps == Plan(waits={job.queue_id: "the scheduler is paused"})
