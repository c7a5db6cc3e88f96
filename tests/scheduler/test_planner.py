"""Which jobs start next, and the reasons for which the others wait."""

from __future__ import annotations

from collections.abc import Collection

from jobs import make_job, running

from forgather_units.domain.job import Job
from forgather_units.domain.listening import PortState
from forgather_units.scheduler.planner import Plan, dispatch_order, plan

ABSENT = "192.0.2.1"


class Machine:
    """Ports, of which other processes hold those in `busy`. A fake, because a test needs any port in any state."""

    def __init__(self, busy: Collection[int] = ()) -> None:
        self._busy = busy

    def state(self, address: str, port: int) -> PortState:
        if address == ABSENT:
            return PortState.NO_ADDRESS
        if port < 1024:
            return PortState.FORBIDDEN
        return PortState.TAKEN if port in self._busy else PortState.FREE

    def overlap(self, one: str, other: str) -> bool:
        return one == other or "0.0.0.0" in (one, other)


def decide(
    queued: list[Job], active: list[Job] | None = None, busy: Collection[int] = (), max_running: int = 0
) -> Plan:
    return plan(queued, active or [], Machine(busy), enabled=True, max_running=max_running)


def test_the_order_is_by_priority_then_submission() -> None:
    low, late, high = make_job(1), make_job(3), make_job(2, priority=5)
    assert dispatch_order([late, low, high]) == [high, low, late]


def test_the_highest_priority_gets_a_freed_port() -> None:
    low, high = make_job(1), make_job(2, priority=5)
    steps = decide([low, high])
    assert steps.starts == [(high, 6006)]
    assert steps.waits == {low.queue_id: f"port 6006 is held by {high.queue_id} (tiny_llama)"}


def test_a_waiting_job_names_the_port_s_holder_and_does_not_block_the_next() -> None:
    holder, waiting, ahead = running(1, 6006), make_job(2), make_job(3, port=6007)
    steps = decide([waiting, ahead], [holder])
    assert steps.starts == [(ahead, 6007)]
    assert steps.waits == {waiting.queue_id: f"port 6006 is held by {holder.queue_id} (tiny_llama)"}
    assert not steps.waits_for_foreign


def test_a_waiting_job_names_a_foreign_process() -> None:
    waiting = make_job(1)
    steps = decide([waiting], busy=[6006])
    assert steps.waits == {waiting.queue_id: "port 6006 is held by another process"}
    assert steps.waits_for_foreign


def test_a_privileged_port_fails_only_its_own_job() -> None:
    forbidden, good = make_job(1, port=80), make_job(2)
    steps = decide([forbidden, good])
    assert steps.starts == [(good, 6006)]
    assert str(steps.fails[forbidden.queue_id]) == "this account may not listen on port 80"
    assert not steps.waits_for_foreign


def test_a_job_waits_for_an_address_that_the_machine_lost() -> None:
    fixed, auto = make_job(1, host=ABSENT), make_job(2, host=ABSENT, port="auto")
    steps = decide([fixed, auto])
    assert steps.starts == []
    assert set(steps.waits.values()) == {f"{ABSENT} is not an address of this machine now"}
    assert steps.waits_for_foreign == {fixed.queue_id, auto.queue_id}


def test_auto_takes_the_lowest_free_port() -> None:
    first, second = make_job(1, port="auto"), make_job(2, port="auto")
    steps = decide([first, second], [running(3, 6006)], busy=[6007])
    assert steps.starts == [(first, 6008), (second, 6009)]


def test_a_port_is_free_on_each_address_unless_a_job_binds_all() -> None:
    one, other, every = make_job(1), make_job(2, host="127.0.0.2"), make_job(3, bind_all=True)
    steps = decide([one, other, every])
    assert [job for job, _ in steps.starts] == [one, other]
    assert every.queue_id in steps.waits


def test_max_running_limits_the_starts() -> None:
    first, second = make_job(1), make_job(2, port=6007)
    steps = decide([first, second], [running(3, 6008)], max_running=2)
    assert steps.starts == [(first, 6006)]
    assert "max_running is 2" in steps.waits[second.queue_id]


def test_a_pause_stops_all_starts_and_is_the_reason_to_wait() -> None:
    job = make_job(1)
    steps = plan([job], [], Machine(), enabled=False, max_running=0)
    assert steps == Plan(waits={job.queue_id: "the scheduler is paused"})
