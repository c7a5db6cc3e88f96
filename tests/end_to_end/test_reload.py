"""SIGHUP: the server applies the changed settings, and names those that need a restart."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from forgather_server import Forgather, submission
from waiting import wait_until


def reload(server: Forgather, **changes: Any) -> None:
    """Change the settings file and wait until the server has applied it."""
    assert server.process is not None
    before = server.log.read_text().count("settings read again")
    server.settings.update(changes)
    server.config.write_text(
        yaml.safe_dump({key: value for key, value in server.settings.items() if value is not None})
    )
    server.process.send_signal(signal.SIGHUP)
    wait_until(lambda: server.log.read_text().count("settings read again") > before)


def test_folders_placement_and_limits_apply_at_once(
    make_forgather: Callable[..., Forgather], tmp_path: Path, sample_runs: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    server = make_forgather(browse_roots=[str(old)], search_roots=[str(old)], slice_tasks_max=500)
    server.start()
    slice_unit = f"{server.prefix}.slice"

    def cap() -> str:
        return server.systemctl("show", "--property=TasksMax", "--value", slice_unit).strip()

    assert (server.get("/api/fs/browse").json()["roots"], cap()) == ([str(old)], "500")

    reload(server, browse_roots=[str(new)], search_roots=[str(new)], slice_tasks_max=400, placement="direct")
    assert server.get("/api/fs/browse").json()["roots"] == [str(new)]
    assert [root["path"] for root in server.get("/api/search-roots").json()] == [str(new)]
    assert cap() == "400"
    private = server.post("/api/queue", submission(sample_runs, private=True))
    assert (private.status_code, private.json()["field"]) == (400, "private")
    job = server.wait_status(server.submit(sample_runs, port="auto"), "running")
    assert job["placement"] == "direct"

    reload(server, slice_tasks_max=None)
    assert cap() == "infinity"


def test_a_start_timeout_applies_to_the_next_start(
    make_forgather: Callable[..., Forgather], tmp_path: Path, sample_runs: Path
) -> None:
    silent = tmp_path / "tensorboard"
    silent.write_text("#!/bin/sh\nexec sleep 600\n")
    silent.chmod(0o755)
    server = make_forgather(tensorboard=str(silent), placement="direct", start_timeout=600)
    server.start()
    reload(server, start_timeout=1)
    job = server.wait_status(server.submit(sample_runs, port="auto"), "failed")
    assert "did not answer within 1 s" in job["error"]


def test_settings_that_need_a_restart_are_logged(make_forgather: Callable[..., Forgather]) -> None:
    server = make_forgather()
    server.start()
    reload(server, admins=["carol"], max_running=3)
    log = server.log.read_text()
    assert "admins takes effect when the server restarts" in log
    assert "max_running takes effect" not in log
