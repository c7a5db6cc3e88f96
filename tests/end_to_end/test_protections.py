"""Protections, checked from the inside: a stand-in runs in TensorBoard's place and reports what it could do."""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from forgather_server import Forgather, submission
from waiting import wait_until

MakeForgather = Callable[..., Forgather]
FreePort = Callable[[], int]


@pytest.fixture
def logdir(home_folder: Path) -> Path:
    """A logdir next to a file that no viewer may see."""
    folder = home_folder / "runs"
    folder.mkdir()
    (folder / "events.out.tfevents.1").touch()
    (home_folder / "secret").write_text("private")
    return folder


def facts_of(forgather: Forgather, logdir: Path, **params: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The job, and the stand-in's report. A port of the test represents the services outside."""
    queue_id = forgather.submit(logdir, port="auto", **params)
    job = forgather.wait_status(queue_id, "running", "failed")
    assert job["status"] == "running", job["error"]
    with socket.create_server(("127.0.0.1", 0)) as outside:
        query = f"{logdir.parent}&{outside.getsockname()[1]}"
        answer = forgather.get(f"/api/tb/{queue_id}/facts?{query}")
    assert answer.status_code == 200, answer.text + forgather.get(f"/api/jobs/{queue_id}/tty").text
    found: dict[str, Any] = answer.json()
    return job, found


@pytest.mark.usefixtures("needs_socket_placement")
@pytest.mark.parametrize("placement", ["socket", "direct"])
def test_the_protections_of_strict(make_forgather: MakeForgather, stand_in: str, logdir: Path, placement: str) -> None:
    forgather = make_forgather(tensorboard=stand_in, placement=placement)
    forgather.start()
    job, found = facts_of(forgather, logdir)
    assert "no new privileges" in job["protections"] and found["no new privileges"] == "1"
    assert "fewer system calls" in job["protections"] and found["seccomp"] == "2"
    assert int(found["capabilities"], 16) == 0
    assert found["namespace"].startswith("PermissionError")
    assert found["logdir"] == ["events.out.tfevents.1"]
    assert {"read-only system", "hidden home", "private /tmp", "no devices", "no capabilities"} <= set(
        job["protections"]
    )
    for what in ("write logdir", "write /usr", "write /var"):
        assert "Read-only" in found[what], (what, found[what])
    assert {"runs"} <= set(found["home entries"]) <= {"runs", "mine"}
    assert sorted(each.name for each in logdir.parent.iterdir()) == ["runs", "secret"]
    # /tmp shows only the paths given to the viewer: the stand-in's folder, and the interpreter's if that is in /tmp.
    given = {Path(path).parts[2] for path in (stand_in, sys.prefix) if Path(path).is_relative_to("/tmp")}
    assert set(found["tmp"]) <= given
    assert found["memory device"] != "done"
    assert not {"fuse", "kmsg", "net", "kvm"} & set(found["devices"])
    assert int(found["bounding"], 16) == 0
    assert found["bus"] != "done"
    if "hidden processes" in job["protections"]:
        assert found["other processes"] == []
    assert job["placement"] == placement
    if placement == "socket":
        assert found["interfaces"] == ["lo"]
        assert found["outside port"].startswith("ConnectionRefused")
    else:
        assert found["outside port"] == "done"


@pytest.mark.usefixtures("needs_socket_placement")
def test_standard_shows_the_home_read_only(make_forgather: MakeForgather, stand_in: str, logdir: Path) -> None:
    forgather = make_forgather(tensorboard=stand_in, hardening="standard")
    forgather.start()
    job, found = facts_of(forgather, logdir)
    assert "hidden home" not in job["protections"]
    assert found["home entries"] == ["runs", "secret"]
    assert found["write home"] != "done"


def test_off_announces_no_protection(make_forgather: MakeForgather, stand_in: str, logdir: Path) -> None:
    forgather = make_forgather(tensorboard=stand_in, hardening="off", placement="direct")
    forgather.start()
    job, found = facts_of(forgather, logdir)
    assert job["protections"] == []
    assert (found["write logdir"], found["home entries"]) == ("done", ["mine", "runs", "secret"])


@pytest.mark.usefixtures("needs_socket_placement")
def test_links_out_of_the_logdir_are_followed_and_extra_paths_are_seen(
    make_forgather: MakeForgather, stand_in: str, logdir: Path, tmp_path: Path
) -> None:
    elsewhere, extra = logdir.parent / "elsewhere", logdir.parent / "extra"
    for folder in (elsewhere, extra):
        folder.mkdir()
        (folder / "events.out.tfevents.2").touch()
    (logdir / "linked").symlink_to(elsewhere)
    # systemd does not accept a path that is not UTF-8; /proc is not a folder of runs.
    (logdir / "processes").symlink_to("/proc")
    latin = logdir.parent / "caf\udce9"
    latin.mkdir()
    (latin / "events.out.tfevents.3").touch()
    (logdir / "latin").symlink_to(latin)
    forgather = make_forgather(tensorboard=stand_in, read_only_paths=[str(extra)])
    forgather.start()
    answer = forgather.post("/api/queue", submission(logdir, port="auto")).json()
    assert answer["read_only_paths"] == [str(elsewhere)]
    assert answer["notes"] == [f"1 link leads out of {logdir}: visible too are {elsewhere}"]
    (warning,) = answer["warnings"]
    assert "2 links" in warning and "processes leads to /proc" in warning and "not UTF-8" in warning
    job, found = facts_of(forgather, logdir)
    assert job["read_only_path_count"] == 1 and "read_only_paths" not in job
    seen = set(found["home entries"])
    assert {"elsewhere", "extra", "runs"} <= seen
    assert "secret" not in seen


def test_limits_are_set_and_unenforced_ones_are_announced(
    make_forgather: MakeForgather, stand_in: str, logdir: Path
) -> None:
    forgather = make_forgather(tensorboard=stand_in, tasks_max=50, slice_tasks_max=500)
    forgather.start()
    queue_id = forgather.submit(logdir, port="auto", priority=3, memory_max="2G", memory_high="1G")
    job = forgather.wait_status(queue_id, "running")
    names = "MemoryMax,MemoryHigh,TasksMax,CPUWeight"
    shown = set(forgather.systemctl("show", "-p", names, forgather.unit(queue_id)).split())
    assert shown == {f"MemoryMax={2 * 1024**3}", f"MemoryHigh={1024**3}", "TasksMax=50", "CPUWeight=130"}
    assert "TasksMax=500" in forgather.systemctl("show", "-p", "TasksMax", f"{forgather.prefix}.slice")
    can = forgather.get("/api/host").json()["capabilities"]
    for name, capability in (("MemoryMax 2G", "memory_limit"), ("TasksMax 50", "tasks_limit")):
        assert (name in job["protections"]) is can[capability]
        assert any(name in notice and "not enforced" in notice for notice in job["notices"]) is not can[capability]
    usage = job["usage"]
    assert (usage["memory_bytes"] is not None) == can["memory_limit"]
    assert usage["uptime_seconds"] > 0 and usage["cpu_seconds"] > 0


@pytest.mark.parametrize("placement", ["socket", "direct"])
def test_a_viewer_that_fails_while_it_runs_is_restarted(
    make_forgather: MakeForgather, stand_in: str, logdir: Path, placement: str
) -> None:
    forgather = make_forgather(tensorboard=stand_in, placement=placement)
    forgather.start()
    queue_id = forgather.submit(logdir, port="auto", idle_timeout="never")
    first = forgather.wait_status(queue_id, "running")
    forgather.get(f"/api/tb/{queue_id}/exit?7")
    job = wait_until(lambda: (now := forgather.job(queue_id))["restarts"] == 1 and now["status"] == "running" and now)
    assert (job["last_failure"], job["error"]) == ("ended with exit code 7", None)
    assert job["invocation_id"] != first["invocation_id"]
    assert "1, after it ended with exit code 7" in forgather.cli("job", "status", queue_id).stdout


@pytest.mark.parametrize("placement", ["socket", "direct"])
def test_a_viewer_killed_by_a_signal_is_not_restarted(
    make_forgather: MakeForgather, stand_in: str, logdir: Path, placement: str
) -> None:
    forgather = make_forgather(tensorboard=stand_in, placement=placement)
    forgather.start()
    queue_id = forgather.submit(logdir, port="auto")
    forgather.wait_status(queue_id, "running")
    forgather.get(f"/api/tb/{queue_id}/signal?9")
    job = forgather.wait_status(queue_id, "failed")
    assert (job["signal"], job["restarts"]) == (9, 0)
    assert job["error"].startswith("ended with signal 9 (SIGKILL); its last output: ")
    assert wait_until(lambda: forgather.units() == [])


def test_a_viewer_that_cannot_start_is_not_restarted(
    make_forgather: MakeForgather, logdir: Path, tmp_path: Path
) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no such plugin\nexit 3\n")
    broken.chmod(0o755)
    forgather = make_forgather(tensorboard=str(broken))
    forgather.start()
    for params in ({}, {"direct": True}):
        queue_id = forgather.submit(logdir, port="auto", **params)
        job = forgather.wait_status(queue_id, "failed")
        assert (job["exit_code"], job["restarts"]) == (3, 0)
        assert job["error"] == "ended with exit code 3; its last output: no such plugin"
        tries = forgather.get(f"/api/jobs/{queue_id}/tty").text.count("no such plugin")
        assert tries == 1


@pytest.mark.usefixtures("needs_socket_placement")
def test_a_failed_wake_has_a_reason_and_the_job_can_be_restarted(
    make_forgather: MakeForgather, stand_in: str, logdir: Path, free_port: FreePort
) -> None:
    forgather = make_forgather(tensorboard=stand_in)
    forgather.start()
    queue_id = forgather.submit(logdir, port=free_port(), lazy=True)
    forgather.wait_status(queue_id, "sleeping")
    program = Path(stand_in)
    program.rename(program.with_name("away"))
    assert forgather.get(f"/api/tb/{queue_id}/").status_code in (404, 502)
    job = forgather.wait_status(queue_id, "failed")
    assert job["exit_code"] == 127 or "cannot be executed" in job["error"], job["error"]
    program.with_name("away").rename(program)
    forgather.cli("job", "restart", queue_id)
    forgather.wait_status(queue_id, "sleeping")
    answer = forgather.get(f"/api/tb/{queue_id}/")
    assert answer.status_code == 200, answer.text + forgather.log.read_text()
