"""A TensorBoard from submission to its end, checked with systemctl, journalctl and the proxy."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from forgather_server import Forgather
from waiting import wait_until

FreePort = Callable[[], int]


@pytest.fixture
def forgather(emptied_forgather: Forgather) -> Forgather:
    return emptied_forgather


def test_a_job_is_started_opened_and_stopped(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    queue_id = forgather.submit(sample_runs / "tiny", port=port, window_title="tiny llama")
    record = forgather.wait_status(queue_id, "running")
    assert (record["port"], record["alive"], record["title"]) == (port, True, "tiny llama")

    shown = forgather.systemctl("show", "-p", "Description,Slice,MainPID,InvocationID", forgather.unit(queue_id))
    assert f"Description=TensorBoard of tiny llama on port {port} ({queue_id})" in shown
    assert f"Slice={forgather.prefix}.slice" in shown
    assert f"MainPID={record['pid']}" in shown
    assert f"InvocationID={record['invocation_id']}" in shown

    journal = ["journalctl", "--user", "-u", forgather.unit(queue_id), "-o", "cat"]
    wait_until(
        lambda: f"/api/tb/{queue_id}/" in subprocess.run(journal, capture_output=True, text=True, check=True).stdout,
        what="the journal has its output",
    )

    page = forgather.get(record["url"])
    assert (page.status_code, page.history) == (200, [])
    assert "<tb-webapp" in page.text
    runs = wait_until(lambda: forgather.get(f"{record['url']}data/runs").json())
    assert any("high_lr" in run for run in runs)
    metric = {"requests": f'[{{"plugin":"scalars","tag":"train-loss","run":"{runs[0]}"}}]'}
    series = requests.post(
        f"{forgather.url}{record['url']}data/plugin/timeseries/timeSeries",
        files={"requests": (None, metric["requests"])},
        headers={"Authorization": f"Bearer {forgather.token}"},
        timeout=120,
    )
    assert series.status_code == 200
    (answer,) = series.json()
    assert len(answer["runToSeries"][runs[0]]) > 10

    forgather.systemctl("stop", forgather.unit(queue_id))
    ended = forgather.wait_status(queue_id, "aborted")
    assert ended["exit_code"] == 0
    assert "stopped from outside" in ended["error"]
    # The scheduler records the end before it resets the unit.
    wait_until(lambda: forgather.units() == [])
    assert forgather.get(record["url"]).status_code == 404


def test_special_characters_in_a_logdir_are_passed_unchanged(
    forgather: Forgather, tmp_path: Path, free_port: FreePort
) -> None:
    odd = tmp_path / "$HOME" / "100%h" / "--x" / 'a "b" \\c ü'
    odd.mkdir(parents=True)
    queue_id = forgather.submit(odd, port=free_port())
    pid = forgather.wait_status(queue_id, "running")["pid"]
    assert f"--logdir={odd}" in Path(f"/proc/{pid}/cmdline").read_text().split("\0")


def test_the_highest_priority_gets_a_freed_port(forgather: Forgather, sample_runs: Path, free_port: FreePort) -> None:
    port = free_port()
    first = forgather.submit(sample_runs, port=port)
    title = forgather.job(first)["title"]
    low = forgather.submit(sample_runs, port=port)
    high = forgather.submit(sample_runs, port=port, priority=5)
    assert [item["queue_id"] for item in forgather.get("/api/queue").json()] == [high, low]
    assert forgather.job(high)["waits_for"] == f"port {port} is held by {first} ({title})"
    assert forgather.post(f"/api/jobs/{first}/control/kill").json()["success"]
    forgather.wait_status(high, "starting", "running")
    assert forgather.job(low)["waits_for"] == f"port {port} is held by {high} ({title})"
    forgather.wait_status(first, "aborted")


def test_a_job_waits_while_a_foreign_process_holds_its_port(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    with socket.socket() as foreign:
        foreign.bind(("127.0.0.1", free_port()))
        foreign.listen()
        port = foreign.getsockname()[1]
        queue_id = forgather.submit(sample_runs, port=port)
        assert forgather.job(queue_id)["waits_for"] == f"port {port} is held by another process"
    forgather.wait_status(queue_id, "running")


def test_auto_chooses_a_free_port_from_6006(forgather: Forgather, sample_runs: Path) -> None:
    queue_id = forgather.submit(sample_runs, port="auto")
    record = forgather.wait_status(queue_id, "starting", "running")
    assert record["port"] >= 6006
    assert record["config"] == f"tensorboard:{record['port']}"


def test_a_pause_survives_a_restart_and_stops_dispatch_only(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    running = forgather.submit(sample_runs, port=free_port())
    forgather.wait_status(running, "starting", "running")
    assert forgather.post("/api/queue/scheduler", {"enabled": False}).json()["enabled"] is False
    waiting = forgather.submit(sample_runs, port=free_port())
    assert forgather.job(waiting)["waits_for"] == "the scheduler is paused"
    forgather.stop()
    forgather.start()
    assert forgather.get("/api/queue/scheduler").json()["enabled"] is False
    assert forgather.job(waiting)["status"] == "queued"
    forgather.wait_status(running, "running")
    forgather.post("/api/queue/scheduler", {"enabled": True})
    forgather.wait_status(waiting, "starting", "running")


def test_a_start_timeout_fails_with_the_last_output(
    make_forgather: Callable[..., Forgather], sample_runs: Path, tmp_path: Path, free_port: FreePort
) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\necho 'loading'\nexec sleep 600\n")
    silent.chmod(0o755)
    forgather = make_forgather(tensorboard=str(silent), start_timeout=1.0)
    forgather.start()
    record = forgather.wait_status(forgather.submit(sample_runs, port=free_port()), "failed")
    assert record["error"] == "did not answer within 1 s; its last output: loading"
    wait_until(lambda: forgather.units() == [])


def test_a_missing_program_fails_the_job(
    make_forgather: Callable[..., Forgather], sample_runs: Path, tmp_path: Path, free_port: FreePort
) -> None:
    forgather = make_forgather(tensorboard=str(tmp_path / "absent"))
    forgather.start()
    record = forgather.wait_status(forgather.submit(sample_runs, port=free_port()), "failed")
    assert (record["exit_code"] in (127, 203), "cannot be executed" in record["error"]) == (True, True)


def test_a_viewer_gets_no_gpu_and_a_private_tmpdir(
    forgather: Forgather, sample_runs: Path, free_port: FreePort
) -> None:
    pid = forgather.wait_status(forgather.submit(sample_runs, port=free_port()), "running")["pid"]
    variables = dict(
        variable.partition("=")[::2] for variable in Path(f"/proc/{pid}/environ").read_text().split("\0") if variable
    )
    assert variables["CUDA_VISIBLE_DEVICES"] == ""
    if variables["TMPDIR"] != "/tmp":
        assert Path(variables["TMPDIR"]).stat().st_mode & 0o777 == 0o700
    # Stock TensorBoard writes its logdir into this world-readable folder.
    infos = Path("/tmp/.tensorboard-info").glob("*.info") if Path("/tmp/.tensorboard-info").exists() else ()
    assert not any(str(sample_runs) in info.read_text() for info in infos)
