"""A removal of ended jobs can be undone for a minute, and a preview says what a cleanup removes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from forgather_server import Forgather
from jobs import make_job

from forgather_units.domain.job import Ended, Job, Outcome
from forgather_units.store.database import open_database
from forgather_units.store.jobs import JobStore
from forgather_units.viewers.table import KINDS

COUNT = 1200
OUTCOMES = (Outcome.DONE, Outcome.FAILED, Outcome.ABORTED)


def ended(number: int) -> Job:
    job = make_job(number, logdir=f"/runs/{number}", state=Ended(OUTCOMES[number % 3], 1000.0 + number))
    return replace(job, submission=replace(job.submission, service="lab" if number == 1 else ""))


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather]) -> Iterator[Forgather]:
    server = make_forgather(history_days=0, history_jobs=0)
    store = JobStore(open_database(server.folder / "state" / "forgather.db"), KINDS)
    for number in range(1, COUNT + 1):
        store.save(ended(number))
    store.close()
    server.start()
    yield server


def total(forgather: Forgather) -> int:
    return int(forgather.get("/api/jobs?state=ended&limit=0").headers["X-Total-Count"])


def test_a_removed_job_is_restored(forgather: Forgather) -> None:
    queue_id = ended(1).queue_id
    before = forgather.job(queue_id)
    forgather.cli("job", "remove", queue_id)
    assert forgather.get(f"/api/jobs/{queue_id}/status").status_code == 404
    assert forgather.session.delete(f"{forgather.url}/api/jobs/{queue_id}", timeout=120).status_code == 404
    assert queue_id not in forgather.get("/api/tb/lab/").text
    body = {"queue_ids": [queue_id, "q_1_00000000"]}
    assert forgather.post("/api/jobs/restore", body).json() == {"restored": [queue_id], "count": 1}
    assert forgather.job(queue_id) == before
    assert queue_id in forgather.get("/api/tb/lab/").text


def test_a_cleanup_is_previewed_and_undone_also_after_a_restart(forgather: Forgather) -> None:
    third = COUNT // 3
    preview = {"done": third, "failed": third, "aborted": third, "count": COUNT}
    assert forgather.get("/api/jobs/cleanup").json() == preview
    removed = forgather.post("/api/jobs/cleanup").json()["removed"]
    assert (len(removed), total(forgather)) == (COUNT, 0)
    assert forgather.get("/api/jobs/cleanup").json()["count"] == 0
    forgather.stop()
    forgather.start()
    assert forgather.post("/api/jobs/restore", {"queue_ids": removed}).json()["count"] == COUNT
    assert total(forgather) == COUNT


def test_a_wrong_request_gets_one_sentence(forgather: Forgather) -> None:
    bodies: list[object] = [{}, [], {"queue_ids": "q_1"}, {"queue_ids": [1]}, {"queue_ids": [], "all": True}]
    for body in bodies:
        answer = forgather.post("/api/jobs/restore", body)
        assert (answer.status_code, answer.json()["field"]) == (422, "queue_ids")
    late = forgather.post("/api/jobs/restore", {"queue_ids": ["q_1_00000000"]})
    assert late.status_code == 404
    assert late.json()["detail"] == "a removed job can be restored for a minute: it is too late for these"
