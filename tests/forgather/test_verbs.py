"""The verbs of Forgather's own command: the request that each sends, and what it reads of the response."""

from __future__ import annotations

from pathlib import Path

import pytest
from forgather_server import Forgather

from forgather_units.cli.main import build_parser


@pytest.fixture
def queued(forgather: Forgather, running: str, sample_runs: Path) -> str:
    return forgather.submit(sample_runs, port=forgather.job(running)["port"])


def control(forgather: Forgather, queue_id: str, action: str) -> dict[str, object]:
    answer = forgather.post(f"/api/jobs/{queue_id}/control/{action}")
    assert answer.status_code == 200, answer.text
    body: dict[str, object] = answer.json()
    assert body.keys() >= {"success", "message", "data"}
    return body


def test_health(forgather: Forgather) -> None:
    """It asks before it submits, without a token."""
    forgather.session.headers.pop("Authorization")
    try:
        assert forgather.get("/api/health").json()["status"] == "ok"
    finally:
        forgather.session.headers["Authorization"] = f"Bearer {forgather.token}"


def test_a_wrong_token(forgather: Forgather) -> None:
    refused = forgather.get("/api/queue", headers={"Authorization": "Bearer wrong"})
    assert (refused.status_code, refused.json()) == (401, {"detail": "authentication required"})


def test_job_list_asks_for_the_queue_too(forgather: Forgather, running: str, queued: str) -> None:
    (waiting,) = forgather.get("/api/queue").json()
    names = (
        "queue_id",
        "job_type",
        "config",
        "project_dir",
        "priority",
        "requested_gpus",
        "submitted_at",
        "job_params",
    )
    assert waiting.keys() >= set(names)
    assert (waiting["queue_id"], waiting["requested_gpus"]) == (queued, 0)
    (job,) = forgather.get("/api/jobs?include_dead_endpoints=true").json()
    assert job["queue_id"] == job["id"] == job["job_id"] == running
    assert (job["status"], job["alive"], job["gpu_indices"]) == ("running", True, [])
    assert job["tty_log_path"] == forgather.get(f"/api/jobs/{running}/tty-path").json()["tty_log_path"]


def test_job_dump(forgather: Forgather, running: str) -> None:
    printed = forgather.get(f"/api/jobs/{running}/tty")
    assert f"/api/tb/{running}/" in printed.text


@pytest.mark.parametrize(("verb", "signal"), [("kill", None), ("force-kill", 9)])
def test_job_kill(forgather: Forgather, running: str, verb: str, signal: int | None) -> None:
    assert control(forgather, running, verb)["success"] is True
    assert forgather.wait_status(running, "aborted")["signal"] == signal


@pytest.mark.parametrize("verb", ["save", "stop", "save-stop", "abort"])
def test_the_verbs_of_a_trainer_are_refused_with_a_reason(forgather: Forgather, running: str, verb: str) -> None:
    refused = forgather.post(f"/api/jobs/{running}/control/{verb}")
    assert refused.status_code == 400
    assert verb in refused.json()["detail"]
    assert forgather.job(running)["status"] == "running"


def test_job_cancel(forgather: Forgather, queued: str) -> None:
    assert forgather.delete(f"/api/queue/{queued}").json()["aborted"] == queued
    assert forgather.get("/api/queue").json() == []


def test_job_cleanup_of_one_and_of_all(forgather: Forgather, running: str, queued: str) -> None:
    control(forgather, queued, "kill")
    control(forgather, running, "kill")
    forgather.wait_status(running, "aborted")
    assert forgather.delete(f"/api/jobs/{queued}").json()["removed"] == queued
    assert forgather.post("/api/jobs/cleanup").json() == {"removed": [running], "count": 1}
    assert forgather.get("/api/jobs?include_dead_endpoints=true").json() == []


def test_job_gc(forgather: Forgather, running: str) -> None:
    assert forgather.post("/api/jobs/gc").json() == {"swept": 0}


def test_the_scheduler(forgather: Forgather, running: str, queued: str) -> None:
    status = forgather.get("/api/queue/scheduler").json()
    assert status.keys() >= {"enabled", "tick_count", "last_tick_at", "running_count"}
    assert (status["enabled"], status["running_count"]) == (True, 1)
    assert forgather.post("/api/queue/scheduler", {"enabled": False}).json()["enabled"] is False
    assert forgather.post("/api/queue/scheduler", {"enabled": True}).json()["enabled"] is True


def test_flags_of_its_server() -> None:
    words = [
        "server",
        "-H",
        "127.0.0.1",
        "-p",
        "8766",
        "-l",
        "debug",
        "--no-auth",
        "--regen-token",
        "--persist-sessions",
    ]
    assert build_parser().parse_words(words).port == 8766


def test_an_unknown_job(forgather: Forgather) -> None:
    for response in (
        forgather.get("/api/jobs/q_1_00000000/status"),
        forgather.post("/api/jobs/q_1_00000000/control/kill"),
        forgather.delete("/api/queue/q_1_00000000"),
    ):
        assert response.status_code == 404
        assert isinstance(response.json()["detail"], str)
