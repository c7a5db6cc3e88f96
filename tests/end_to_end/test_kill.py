"""A kill works in every state of a job, works twice, and reports the result."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from forgather_server import Forgather
from waiting import wait_until

from forgather_units.host.this_machine import this_machine
from forgather_units.systemd.signals import UnitSignals

FreePort = Callable[[], int]


@pytest.fixture
def forgather(emptied_forgather: Forgather) -> Forgather:
    return emptied_forgather


def control(forgather: Forgather, queue_id: str, action: str) -> str:
    answer = forgather.post(f"/api/jobs/{queue_id}/control/{action}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["success"] is True
    return str(answer.json()["message"])


@pytest.mark.parametrize("action", ["kill", "force-kill"])
def test_a_kill_in_every_state(forgather: Forgather, sample_runs: Path, free_port: FreePort, action: str) -> None:
    forgather.post("/api/queue/scheduler", {"enabled": False})
    queued = forgather.submit(sample_runs, port=free_port())
    assert control(forgather, queued, action) == f"{queued} was queued and is cancelled"
    assert forgather.job(queued)["status"] == "aborted"
    forgather.post("/api/queue/scheduler", {"enabled": True})

    starting = forgather.submit(sample_runs, port=free_port())
    control(forgather, starting, action)
    assert forgather.wait_status(starting, "aborted")["error"] == "killed on request"

    running = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(running, "running")
    control(forgather, running, action)
    ended = forgather.wait_status(running, "aborted")
    assert ended["signal"] == (signal.SIGKILL if action == "force-kill" else None)
    assert control(forgather, running, action) == f"{running} has ended already (aborted)"
    wait_until(lambda: forgather.units() == [])


@pytest.mark.parametrize("action", ["kill", "force-kill"])
def test_a_kill_during_a_restart(forgather: Forgather, sample_runs: Path, free_port: FreePort, action: str) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(queue_id, "running")
    control(forgather, queue_id, "restart")
    control(forgather, queue_id, action)
    assert forgather.wait_status(queue_id, "aborted")["error"] in ("killed on request", "cancelled before it started")
    wait_until(lambda: forgather.units() == [])
    assert forgather.job(queue_id)["status"] == "aborted"


def test_systemd_kills_a_viewer_that_ignores_sigterm(
    make_forgather: Callable[..., Forgather], sample_runs: Path, tmp_path: Path, free_port: FreePort
) -> None:
    stubborn = tmp_path / "stubborn"
    stubborn.write_text("#!/bin/sh\ntrap '' TERM\necho up\nwhile :; do sleep 0.1; done\n")
    stubborn.chmod(0o755)
    forgather = make_forgather(tensorboard=str(stubborn), stop_timeout=5.0)
    forgather.start()
    queue_id = forgather.submit(sample_runs, port=free_port())
    wait_until(lambda: "up" in forgather.get(f"/api/jobs/{queue_id}/tty").text)
    control(forgather, queue_id, "kill")
    # A second kill while systemd still waits for the viewer.
    control(forgather, queue_id, "kill")
    assert forgather.job(queue_id)["status"] in ("starting", "aborted")
    assert forgather.wait_status(queue_id, "aborted")["signal"] == signal.SIGKILL


def test_unknown_jobs_and_actions(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    absent = "q_1_00000000"
    for answer in (
        forgather.post(f"/api/jobs/{absent}/control/kill"),
        forgather.delete(f"/api/queue/{absent}"),
        forgather.delete(f"/api/jobs/{absent}"),
        forgather.get(f"/api/jobs/{absent}/status"),
        forgather.get(f"/api/jobs/{absent}/tty"),
        forgather.get(f"/api/tb/{absent}/"),
    ):
        assert answer.status_code == 404
        assert set(answer.json()) == {"detail"}
    queue_id = forgather.submit(sample_runs, port=free_port())
    answer = forgather.post(f"/api/jobs/{queue_id}/control/save")
    assert (answer.status_code, "unsupported action 'save'" in answer.json()["detail"]) == (400, True)
    assert forgather.delete(f"/api/jobs/{queue_id}").status_code == 409


def test_cleanup_removes_ended_jobs_only(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    ended, running = (forgather.submit(sample_runs, port=free_port()) for _ in range(2))
    assert forgather.delete(f"/api/queue/{ended}").json()["aborted"] == ended
    forgather.wait_status(ended, "aborted")
    assert forgather.post("/api/jobs/cleanup").json() == {"removed": [ended], "count": 1}
    assert [record["id"] for record in forgather.get("/api/jobs").json()] == [running]


def test_no_failed_unit_stays_loaded(
    make_forgather: Callable[..., Forgather], sample_runs: Path, free_port: FreePort
) -> None:
    forgather = make_forgather(tensorboard="/bin/false")
    forgather.start()
    for _ in range(40):
        forgather.submit(sample_runs, port=free_port())
    wait_until(lambda: all(record["status"] == "failed" for record in forgather.get("/api/jobs").json()), 120)
    wait_until(lambda: forgather.units() == [])
    assert not list((forgather.folder / "state" / "exits").iterdir())
    assert {record["exit_code"] for record in forgather.get("/api/jobs").json()} == {1}


def test_ended_units_are_not_inspected_again_and_again(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    """An inspection makes systemd load a removed unit briefly and signal that: it must not cause another inspection."""
    signalled: Counter[str] = Counter()
    signals = UnitSignals(this_machine(), lambda unit: signalled.update([unit]), lambda: None)
    signals.start()
    assert signals.wait_connected(120)
    ended = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(ended, "running")
    control(forgather, ended, "kill")
    forgather.wait_status(ended, "aborted")
    wait_until(lambda: forgather.units() == [])
    signalled.clear()
    other = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(other, "running")
    control(forgather, other, "kill")
    forgather.wait_status(other, "aborted")
    signals.stop()
    assert sum(signalled.values()) > 0
    assert signalled[forgather.unit(ended)] < 5, signalled
