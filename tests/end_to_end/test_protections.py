"""What holds is looked at from the inside: a probe runs where TensorBoard would, and reports what it could do."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import inside_probe
import pytest
from forgather_server import Forgather
from waiting import wait_until

MakeForgather = Callable[..., Forgather]
FreePort = Callable[[], int]


@pytest.fixture
def probe(tmp_path: Path) -> str:
    """The probe as a command of its own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    command = folder / "probe"
    command.write_text(f"#!{sys.executable}\n" + Path(inside_probe.__file__).read_text())
    command.chmod(0o755)
    return str(command)


@pytest.fixture
def logdir() -> Any:
    """Below the home, which a viewer is not to see."""
    folder = Path.home() / f"forgather-test-{os.getpid()}" / "runs"
    folder.mkdir(parents=True)
    (folder / "events.out.tfevents.1").touch()
    (folder.parent / "secret").write_text("nobody's business")
    yield folder
    shutil.rmtree(folder.parent)


def look(forgather: Forgather, logdir: Path, **params: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """The job, and what the probe found in it. A port of ours stands for all that runs outside."""
    queue_id = forgather.submit(logdir, port="auto", **params)
    job = forgather.wait_status(queue_id, "running", "failed", seconds=30)
    assert job["status"] == "running", job["error"]
    with socket.create_server(("127.0.0.1", 0)) as outside:
        query = f"{logdir.parent}&{outside.getsockname()[1]}"
        answer = forgather.get(f"/api/tb/{queue_id}/facts?{query}")
    assert answer.status_code == 200, answer.text + forgather.get(f"/api/jobs/{queue_id}/tty").text
    found: dict[str, Any] = answer.json()
    return job, found


def isolated(forgather: Forgather) -> bool:
    return bool(forgather.get("/api/host").json()["capabilities"]["mount_sandbox"])


@pytest.mark.parametrize("placement", ["socket", "direct"])
def test_strict(make_forgather: MakeForgather, probe: str, logdir: Path, placement: str) -> None:
    forgather = make_forgather(tensorboard=probe, placement=placement)
    forgather.start()
    job, found = look(forgather, logdir)
    assert "no new privileges" in job["protections"] and found["no new privileges"] == "1"
    assert "fewer system calls" in job["protections"] and found["seccomp"] == "2"
    assert int(found["capabilities"], 16) == 0
    assert found["namespace"].startswith("PermissionError")
    assert found["logdir"] == ["events.out.tfevents.1"]
    if not isolated(forgather):
        assert "hidden home" not in job["protections"]
        return
    assert {"read-only system", "hidden home", "private /tmp", "no devices", "no capabilities"} <= set(
        job["protections"]
    )
    for what in ("write logdir", "write /usr", "write /var"):
        assert "Read-only" in found[what], (what, found[what])
    assert {"runs"} <= set(found["home entries"]) <= {"runs", "mine"}
    assert sorted(each.name for each in logdir.parent.iterdir()) == ["runs", "secret"]
    # Of /tmp nothing but what the viewer was given: the probe's folder, and the interpreter's where that lies there.
    given = {Path(path).parts[2] for path in (probe, sys.prefix) if Path(path).is_relative_to("/tmp")}
    assert set(found["tmp"]) <= given
    assert found["memory device"] != "done"
    assert not {"fuse", "kmsg", "net", "kvm"} & set(found["devices"])
    assert int(found["bounding"], 16) == 0
    assert found["bus"] != "done"
    if "hidden processes" in job["protections"]:
        assert found["other processes"] == []
    if job["placement"] == "socket":
        assert found["interfaces"] == ["lo"]
        assert found["outside port"].startswith("ConnectionRefused")
    else:
        assert found["outside port"] == "done"


def test_standard_shows_the_home_and_writes_nothing(make_forgather: MakeForgather, probe: str, logdir: Path) -> None:
    forgather = make_forgather(tensorboard=probe, hardening="standard")
    forgather.start()
    job, found = look(forgather, logdir)
    assert "hidden home" not in job["protections"]
    assert found["home entries"] == ["runs", "secret"]
    assert found["write home"] != "done" or not isolated(forgather)


def test_off_claims_nothing(make_forgather: MakeForgather, probe: str, logdir: Path) -> None:
    forgather = make_forgather(tensorboard=probe, hardening="off", placement="direct")
    forgather.start()
    job, found = look(forgather, logdir)
    assert job["protections"] == []
    assert (found["write logdir"], found["home entries"]) == ("done", ["mine", "runs", "secret"])


def test_links_out_of_the_logdir_are_followed_and_extra_paths_are_seen(
    make_forgather: MakeForgather, probe: str, logdir: Path, tmp_path: Path
) -> None:
    elsewhere, extra = logdir.parent / "elsewhere", logdir.parent / "extra"
    for folder in (elsewhere, extra):
        folder.mkdir()
        (folder / "events.out.tfevents.2").touch()
    (logdir / "linked").symlink_to(elsewhere)
    forgather = make_forgather(tensorboard=probe, read_only_paths=[str(extra)])
    forgather.start()
    job, found = look(forgather, logdir)
    assert job["read_only_paths"] == [str(elsewhere)]
    seen = set(found["home entries"])
    assert {"elsewhere", "extra", "runs"} <= seen
    assert "secret" not in seen or not isolated(forgather)


def test_limits_are_set_and_what_is_not_enforced_is_said(
    make_forgather: MakeForgather, probe: str, logdir: Path
) -> None:
    forgather = make_forgather(tensorboard=probe, tasks_max=50, slice_tasks_max=500)
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
def test_what_fails_while_it_runs_comes_back(
    make_forgather: MakeForgather, probe: str, logdir: Path, placement: str
) -> None:
    forgather = make_forgather(tensorboard=probe, placement=placement)
    forgather.start()
    queue_id = forgather.submit(logdir, port="auto", idle_timeout="never")
    first = forgather.wait_status(queue_id, "running")
    forgather.get(f"/api/tb/{queue_id}/exit?7")
    job = wait_until(lambda: (now := forgather.job(queue_id))["restarts"] == 1 and now["status"] == "running" and now)
    assert (job["last_failure"], job["error"]) == ("ended with exit code 7", None)
    assert job["invocation_id"] != first["invocation_id"]
    assert "1, after it ended with exit code 7" in forgather.cli("job", "status", queue_id).stdout


@pytest.mark.parametrize("placement", ["socket", "direct"])
def test_a_kill_is_a_kill(make_forgather: MakeForgather, probe: str, logdir: Path, placement: str) -> None:
    forgather = make_forgather(tensorboard=probe, placement=placement)
    forgather.start()
    queue_id = forgather.submit(logdir, port="auto")
    forgather.wait_status(queue_id, "running")
    forgather.get(f"/api/tb/{queue_id}/signal?9")
    job = forgather.wait_status(queue_id, "failed")
    assert (job["signal"], job["restarts"]) == (9, 0)
    assert job["error"].startswith("ended with signal 9 (SIGKILL); its last output: ")
    assert wait_until(lambda: forgather.units() == [])


def test_what_cannot_start_does_not_spin(make_forgather: MakeForgather, logdir: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("#!/bin/sh\necho no such plugin\nexit 3\n")
    broken.chmod(0o755)
    forgather = make_forgather(tensorboard=str(broken))
    forgather.start()
    for params in ({}, {"direct": True}):
        queue_id = forgather.submit(logdir, port="auto", **params)
        job = forgather.wait_status(queue_id, "failed", seconds=20)
        assert (job["exit_code"], job["restarts"]) == (3, 0)
        assert job["error"] == "ended with exit code 3; its last output: no such plugin"
        tries = forgather.get(f"/api/jobs/{queue_id}/tty").text.count("no such plugin")
        assert tries == 1


def test_one_that_cannot_wake_says_why_and_can_be_restarted(
    make_forgather: MakeForgather, probe: str, logdir: Path, free_port: FreePort
) -> None:
    forgather = make_forgather(tensorboard=probe)
    forgather.start()
    queue_id = forgather.submit(logdir, port=free_port(), lazy=True)
    if forgather.job(queue_id)["placement"] != "socket":
        return
    program = Path(probe)
    program.rename(program.with_name("away"))
    assert forgather.get(f"/api/tb/{queue_id}/").status_code in (404, 502)
    job = forgather.wait_status(queue_id, "failed", seconds=30)
    assert job["exit_code"] == 127 or "cannot be executed" in job["error"], job["error"]
    program.with_name("away").rename(program)
    forgather.cli("job", "restart", queue_id)
    forgather.wait_status(queue_id, "sleeping")
    answer = forgather.get(f"/api/tb/{queue_id}/")
    assert answer.status_code == 200, answer.text + forgather.log.read_text()


def test_one_that_is_woken_too_often_says_so_and_can_be_restarted(
    make_forgather: MakeForgather, probe: str, logdir: Path, free_port: FreePort
) -> None:
    forgather = make_forgather(tensorboard=probe)
    forgather.start()
    queue_id = forgather.submit(logdir, port=free_port(), lazy=True, idle_timeout="never")
    if forgather.job(queue_id)["placement"] != "socket":
        return
    for _ in range(20):
        forgather.get(f"/api/tb/{queue_id}/")
        if forgather.wait_status(queue_id, "running", "failed", seconds=20)["status"] == "failed":
            break
        forgather.cli("job", "sleep", queue_id, check=False)
        forgather.wait_status(queue_id, "sleeping", "failed")
    job = forgather.job(queue_id)
    assert (job["status"], "too often in a short time" in job["error"]) == ("failed", True), job["error"]
    assert wait_until(lambda: forgather.units() == [])
    forgather.cli("job", "restart", queue_id)
    forgather.wait_status(queue_id, "sleeping")
    answer = forgather.get(f"/api/tb/{queue_id}/")
    assert answer.status_code == 200, answer.text + forgather.log.read_text()
