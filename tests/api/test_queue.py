"""/api/queue: the priority of a queued job."""

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


def test_the_priority_changes_the_order(forgather: Forgather, waiting: list[str]) -> None:
    def order() -> list[str]:
        return [item["queue_id"] for item in forgather.get("/api/queue").json()]

    first, second = waiting
    assert order() == [first, second]
    assert forgather.cli("sched", "priority", second, "5").stdout == f"{second}: priority 5\n"
    assert order() == [second, first]
    forgather.cli("sched", "priority", second, "-5")
    assert order() == [first, second]
    assert forgather.cli_json("job", "status", second)["priority"] == -5


def test_an_invalid_priority_is_refused(forgather: Forgather, waiting: list[str]) -> None:
    def answer(queue_id: str, body: object) -> tuple[int, str]:
        response = forgather.session.patch(f"{forgather.url}/api/queue/{queue_id}", json=body, timeout=120)
        return response.status_code, response.json()["detail"]

    assert answer(waiting[0], {}) == (422, 'the body must be {"priority": n}')
    assert answer(waiting[0], {"priority": "high"}) == (422, "priority must be a whole number, not 'high'")
    assert answer(waiting[0], {"priority": 10**7}) == (400, "priority must be from -1000000 to 1000000")
    assert answer("q_1_00000000", {"priority": 1})[0] == 404


def test_the_priority_of_an_ended_job_cannot_be_changed(forgather: Forgather, waiting: list[str]) -> None:
    forgather.cli("job", "kill", waiting[0])
    done = forgather.cli("sched", "priority", waiting[0], "1", check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"forgather: {waiting[0]} is aborted: only a queued job has a priority to change")
