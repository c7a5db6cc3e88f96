"""Viewers survive every failure of the server, and their outcomes are known afterwards."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path

from forgather_server import Forgather
from waiting import wait_until

FreePort = Callable[[], int]


def test_a_running_viewer_survives_a_killed_server(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port())
    before = forgather.wait_status(queue_id, "running")
    forgather.kill()
    forgather.start()
    after = forgather.wait_status(queue_id, "running")
    assert (after["pid"], after["ready_at"]) == (before["pid"], before["ready_at"])
    assert forgather.get(after["url"]).status_code == 200
    assert f"/api/tb/{queue_id}/" in forgather.get(f"/api/jobs/{queue_id}/tty").text
    forgather.post(f"/api/jobs/{queue_id}/control/kill")
    forgather.wait_status(queue_id, "aborted")


def test_a_viewer_that_died_while_no_server_ran(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    killed, stopped = (forgather.submit(sample_runs, port=free_port()) for _ in range(2))
    pid = forgather.wait_visited(killed)["pid"]
    forgather.wait_visited(stopped)
    forgather.kill()
    os.kill(pid, signal.SIGKILL)
    forgather.systemctl("stop", forgather.unit(stopped))
    wait_until(lambda: "running" not in forgather.systemctl("show", "-p", "SubState", forgather.unit(killed)))
    forgather.start()
    ended = forgather.wait_status(killed, "failed")
    assert (ended["signal"], ended["exit_code"]) == (9, None)
    assert forgather.wait_status(stopped, "aborted")["exit_code"] == 0
    wait_until(lambda: forgather.units() == [])


def test_running_jobs_survive_a_deleted_database(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port(), window_title="kept", priority=3)
    before = forgather.wait_status(queue_id, "running")
    forgather.kill()
    for file in (forgather.folder / "state").glob("forgather.db*"):
        file.unlink()
    forgather.start()
    after = forgather.wait_status(queue_id, "running")
    for name in ("pid", "port", "job_params", "priority", "submitted_at", "invocation_id"):
        assert after[name] == before[name], name


def test_a_corrupt_database_is_set_aside_and_no_job_is_lost(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(queue_id, "running")
    forgather.kill()
    database = forgather.folder / "state" / "forgather.db"
    for file in database.parent.glob("forgather.db-*"):
        # SQLite would repair the database from its write-ahead log.
        file.unlink()
    database.write_bytes(b"no database" * 1000)
    forgather.start()
    forgather.wait_status(queue_id, "running")
    assert "is corrupt" in forgather.log.read_text()
    assert len(list(database.parent.glob("forgather.db.corrupt-*"))) >= 1


def test_the_queue_survives_a_killed_server(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    running, waiting = (forgather.submit(sample_runs, port=port) for _ in range(2))
    forgather.wait_status(running, "running")
    forgather.kill()
    forgather.start()
    assert [item["queue_id"] for item in forgather.get("/api/queue").json()] == [waiting]
    forgather.delete(f"/api/queue/{running}")
    forgather.wait_status(waiting, "running")


def test_a_second_server_on_the_same_state_is_refused(forgather: Forgather) -> None:
    done = forgather.cli("server", "--config", str(forgather.config), "-p", "0", check=False)
    assert done.returncode == 1
    assert "another server already uses" in done.stderr
    assert "Traceback" not in done.stderr
