"""Wakes, failures and their reasons, with a program that starts in an instant."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from files_kind import FILES, files_of
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

from forgather_units.domain.job import Ended, Outcome, Running, Sleeping
from forgather_units.domain.program import Program
from forgather_units.proxy.destination import OpenUnix
from forgather_units.proxy.readiness import responds
from forgather_units.units.control import Asleep
from forgather_units.viewers.contract.kind import Kind

# systemd counts starts: StartLimitBurst= is 10 in a minute.
MORE_THAN_THE_LIMIT = 13

pytestmark = pytest.mark.usefixtures("needs_socket_placement")


def crashing(signal: str) -> Kind:
    """Kills itself before it responds."""
    return replace(FILES, describe=lambda _: Program(("/bin/sh", "-c", f"kill -{signal} $$")))


@pytest.fixture
def real(tmp_path: Path) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, {FILES.name: FILES}) as made:
        yield made


@pytest.mark.parametrize("watched", [True, False], ids=["server inspects", "no server"])
def test_wakes_do_not_count_as_failures(real: RealScheduler, tmp_path: Path, watched: bool) -> None:
    job = real.scheduler.submit(files_of(tmp_path))
    queue_id, socket = job.queue_id, OpenUnix(real.unit_factory.paths.socket(job.queue_id))
    with ThreadPoolExecutor(1) as orders:
        for _ in range(MORE_THAN_THE_LIMIT):
            assert responds(socket, "/")
            if watched:
                wait_until(lambda: isinstance(real.state(queue_id), Running))
                order = orders.submit(real.scheduler.put_to_sleep, queue_id)
                wait_until(lambda: isinstance(real.state(queue_id), Sleeping))
                assert order.result() == f"{queue_id} is asleep"
            else:
                real.viewers.put_to_sleep(job)
                wait_until(lambda: isinstance(real.viewers.look(job), Asleep))
    wait_until(lambda: isinstance(real.state(queue_id), Sleeping))


def test_a_crash_loop_ends_the_job_which_can_be_restarted(real: RealScheduler, tmp_path: Path) -> None:
    """Each run becomes ready and then crashes, without a clean exit in between."""
    job = real.scheduler.submit(files_of(tmp_path, lazy=False))
    seen: set[str] = set()

    def crashed_again() -> bool:
        state = real.state(job.queue_id)
        now = real.scheduler.job(job.queue_id)
        if isinstance(state, Running) and now.invocation_id not in seen:
            seen.add(now.invocation_id)
            real.crash(now)
        return isinstance(state, Ended)

    wait_until(crashed_again)
    state = real.scheduler.job(job.queue_id).state
    assert isinstance(state, Ended) and state.outcome is Outcome.FAILED
    assert "started too often in a short time" in state.reason
    assert len(seen) == 10
    real.scheduler.restart(job.queue_id)
    wait_until(lambda: isinstance(real.state(job.queue_id), Running))


@pytest.mark.parametrize(("signal", "name"), [("SEGV", "11 (SIGSEGV)"), ("ILL", "4 (SIGILL)"), ("KILL", "9 (SIGKILL)")])
def test_a_viewer_killed_by_a_signal_before_readiness_fails(tmp_path: Path, signal: str, name: str) -> None:
    kind = crashing(signal)
    with real_scheduler(tmp_path, {kind.name: kind}) as made:
        job = made.scheduler.submit(replace(files_of(tmp_path, lazy=False), kind=kind))
        wait_until(lambda: isinstance(made.state(job.queue_id), Ended))
        state = made.scheduler.job(job.queue_id).state
        assert isinstance(state, Ended)
        assert state.reason == f"ended with signal {name}"
