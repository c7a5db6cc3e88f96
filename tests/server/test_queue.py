"""/api/queue: another priority for what waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from forgather_server import Forgather


@pytest.fixture
def waiting(forgather: Forgather, sample_runs: Path) -> Iterator[list[str]]:
    """Two jobs that a paused scheduler holds back."""
    forgather.cli("sched", "pause")
    jobs = [forgather.submit(sample_runs, port="auto") for _ in range(2)]
    yield jobs
    for queue_id in jobs:
        forgather.cli("sched", "cancel", queue_id)
    forgather.cli("job", "cleanup")
    forgather.cli("sched", "resume")


def test_another_priority_is_another_order(forgather: Forgather, waiting: list[str]) -> None:
    def order() -> list[str]:
        return [item["queue_id"] for item in forgather.get("/api/queue").json()]

    first, second = waiting
    assert order() == [first, second]
    assert forgather.cli("sched", "priority", second, "5").stdout == f"{second}: priority 5\n"
    assert order() == [second, first]
    forgather.cli("sched", "priority", second, "-5")
    assert order() == [first, second]
    assert forgather.cli_json("job", "status", second)["priority"] == -5


def test_what_is_no_priority(forgather: Forgather, waiting: list[str]) -> None:
    def answer(queue_id: str, body: object) -> tuple[int, str]:
        said = forgather.session.patch(f"{forgather.url}/api/queue/{queue_id}", json=body, timeout=30)
        return said.status_code, said.json()["detail"]

    assert answer(waiting[0], {}) == (422, 'the body must be {"priority": n}')
    assert answer(waiting[0], {"priority": "high"}) == (422, "priority must be a whole number, not 'high'")
    assert answer(waiting[0], {"priority": 10**7}) == (400, "priority must be from -1000000 to 1000000")
    assert answer("q_1_00000000", {"priority": 1})[0] == 404


def test_a_job_that_waits_no_more_has_no_priority_to_change(forgather: Forgather, waiting: list[str]) -> None:
    forgather.cli("job", "kill", waiting[0])
    done = forgather.cli("sched", "priority", waiting[0], "1", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"forgather: {waiting[0]} is aborted: only a queued job has a priority to change")
