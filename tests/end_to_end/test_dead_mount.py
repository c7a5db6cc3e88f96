"""A server on a machine where one file system does not respond: everything else keeps working."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import dead_mount
import pytest
from dead_mount import NEVER, SlowMount
from example_workspace import WORKSPACE
from forgather_server import Forgather, submission
from waiting import wait_until

from forgather_units.cli.connection.events import parse

MakeForgather = Callable[..., Forgather]


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[SlowMount]:
    mount = SlowMount(tmp_path)
    (mount.source / "runs").mkdir()
    (mount.source / "docs").mkdir()
    (mount.source / "mkdocs.yml").write_text("site_name: far away\n")
    with mount.mounted(dead_mount.build(tmp_path)):
        yield mount


def _services(forgather: Forgather) -> dict[str, dict[str, Any]]:
    return {each["service"]["name"]: each for each in forgather.get("/api/services").json()}


def test_a_service_on_a_dead_mount_does_not_delay_the_start(
    make_forgather: MakeForgather, mount: SlowMount, sample_runs: Path
) -> None:
    mount.answer_after(NEVER)
    declared = {"far": {"logdir": str(mount.point / "runs")}, "near": {"logdir": str(sample_runs)}}
    forgather = make_forgather(services={"tensorboard": declared})
    for _ in range(2):
        forgather.start()
        assert _services(forgather)["far"]["queue_id"] is None
        assert forgather.get("/api/tb/far/").status_code == 503
        wait_until(lambda: _services(forgather)["near"]["running"])
        silent = f"the file system at {mount.point} does not answer (NFS server down?)"
        error = wait_until(lambda: _services(forgather)["far"]["error"])
        assert error == f"{mount.point}/runs cannot be accessed: {silent}"
        assert forgather.get("/api/tb/far/").status_code == 503
        forgather.stop()
    forgather.start()
    wait_until(lambda: _services(forgather)["far"]["error"])
    mount.answer_after(0)
    # No new request: the abandoned look-up returns.
    wait_until(lambda: _services(forgather)["far"]["running"])
    assert _services(forgather)["far"]["error"] is None


def test_requests_for_a_dead_mount_do_not_delay_others(
    make_forgather: MakeForgather, mount: SlowMount, sample_runs: Path, tmp_path: Path
) -> None:
    forgather = make_forgather(browse_roots=[str(tmp_path), str(mount.point)], search_roots=[str(mount.point)])
    forgather.start()
    sleeping = [forgather.submit(mount.point / "runs", port="auto", lazy=True) for _ in range(10)]
    mount.answer_after(NEVER)
    paths = {
        "/api/logdir": {"path": f"{mount.point}/runs"},
        "/api/fs/browse": {"path": str(mount.point)},
    }
    with ThreadPoolExecutor(50) as clients:
        requests = [clients.submit(forgather.get, route, params=paths[route]) for route in list(paths) * 50]
        requests += [clients.submit(forgather.post, "/api/queue", submission(mount.point / "runs")) for _ in range(50)]
        near = forgather.submit(sample_runs, port="auto")
        assert forgather.get("/api/jobs").ok
        wait_until(lambda: forgather.get("/api/logdir", params={"path": str(sample_runs)}).json()["runs"])
        answers = [each.result() for each in requests]
    assert {answer.status_code for answer in answers} == {200, 503}
    errors = {answer.json().get("error") or answer.json().get("detail") for answer in answers}
    assert all(
        re.search(r"does not answer \(NFS server down\?\)|is slow|too many look-ups", each) for each in errors
    ), errors
    assert forgather.get("/api/logdir", params=paths["/api/logdir"]).json()["exists"] is None
    forgather.wait_status(near, "running")
    stuck = re.findall(r'forgather_lookups_stuck\{mount="(.*)"\} (.*)', forgather.get("/api/metrics").text)
    assert stuck == [(str(mount.point), "2.0")]
    for queue_id in sleeping:
        assert forgather.post(f"/api/jobs/{queue_id}/control/kill").ok
    mount.answer_after(0)
    wait_until(lambda: "forgather_lookups_stuck{" not in forgather.get("/api/metrics").text)
    assert forgather.get("/api/logdir", params=paths["/api/logdir"]).json()["exists"] is True


def test_projects_and_runs_on_a_dead_mount(make_forgather: MakeForgather, mount: SlowMount, tmp_path: Path) -> None:
    near = shutil.copytree(WORKSPACE, tmp_path / "near")
    shutil.copytree(WORKSPACE, mount.source / "far")
    far = mount.point / "far"
    # A project on a disk that writes to the mount.
    config = near / "dialect/templates/configs/outward.yaml"
    config.write_text((near / "dialect/templates/configs/plain.yaml").read_text())
    (near / "dialect/output_models").symlink_to(mount.point)
    forgather = make_forgather(search_roots=[str(near), str(far)])
    forgather.start()
    projects = {each["project_dir"] for each in forgather.get("/api/projects/changes").json()["projects"]}
    assert projects == {f"{root}/{name}" for root in (near, far) for name in ("dialect", "small")}
    mount.answer_after(NEVER)
    asks: dict[str, tuple[str, dict[str, str]]] = {
        "a project": ("/api/project", {"project_dir": f"{far}/dialect"}),
        "its config": ("/api/config/output-dir", {"project_dir": f"{far}/dialect"}),
        "its runs": ("/api/runs", {"project_dir": f"{far}/dialect"}),
        "runs on the mount": ("/api/runs", {"project_dir": f"{near}/dialect", "config": "plain.yaml"}),
    }
    for route, params in asks.values():
        answer = forgather.get(route, params=params)
        assert (answer.status_code, "does not answer" in answer.json()["detail"]) == (503, True), answer.text
    projects = {each["project_dir"] for each in forgather.get("/api/projects/changes").json()["projects"]}
    assert projects == {f"{near}/dialect", f"{near}/small"}
    roots = {root["path"]: root["exists"] for root in forgather.get("/api/search-roots").json()}
    assert roots == {str(near): True, str(far): None}
    facts = forgather.get("/api/config/output-dir", params={"project_dir": f"{near}/dialect"}).json()
    assert (facts["output_dir_exists"], facts["output_dir_entry_count"]) == (None, None)
    mount.answer_after(0)
    wait_until(lambda: len(forgather.get("/api/projects/changes").json()["projects"]) == 4)
    assert forgather.get(*asks["its runs"][:1], params=asks["its runs"][1]).ok


def test_an_open_page_gets_the_state_of_every_logdir(
    make_forgather: MakeForgather, mount: SlowMount, sample_runs: Path
) -> None:
    forgather = make_forgather()
    forgather.start()
    for number in range(10):
        (mount.source / f"runs/{number}").mkdir()
        forgather.submit(mount.point / f"runs/{number}", port="auto", lazy=True)
    forgather.submit(sample_runs, port="auto", lazy=True)
    mount.answer_after(NEVER)
    received: dict[str, Any] = {}
    with forgather.get("/api/events", stream=True) as answer:
        for event in parse(answer.iter_content(None)):
            if event.name == "logdir":
                facts = json.loads(event.data)
                received[facts["path"]] = facts
            # In the end all on the mount are unknown (None), and the one on the local disk is known.
            if [each["exists"] for each in received.values()].count(None) == 10 and len(received) == 11:
                break
    assert received[str(sample_runs)]["runs"]


def test_a_program_on_a_dead_mount(make_forgather: MakeForgather, mount: SlowMount, sample_runs: Path) -> None:
    """Only the jobs of this program wait; the server starts, and everything else keeps working."""
    command = mount.source / "tensorboard"
    command.write_text(f'#!/bin/sh\nexec {Path(sys.executable).with_name("tensorboard")} "$@"\n')
    command.chmod(0o755)
    site = sample_runs.parent / "mkdocs.yml"
    site.write_text("site_name: near\n")
    (site.parent / "docs").mkdir(exist_ok=True)
    forgather = make_forgather(tensorboard=str(mount.point / "tensorboard"))
    forgather.start()
    forgather.post("/api/queue/scheduler", {"enabled": False})
    waiting = forgather.submit(sample_runs, port="auto")
    forgather.stop()
    mount.answer_after(NEVER)
    forgather.start()
    forgather.post("/api/queue/scheduler", {"enabled": True})
    silent = f"{mount.point}/tensorboard cannot be accessed: the file system at {mount.point} does not answer"
    wait_until(lambda: silent in forgather.get(f"/api/queue/{waiting}").text or silent in str(forgather.job(waiting)))
    assert forgather.job(waiting)["status"] == "queued"
    with ThreadPoolExecutor(20) as clients:
        refused = [clients.submit(forgather.post, "/api/queue", submission(sample_runs)) for _ in range(20)]
        mkdocs = {"config_file": str(site), "port": "auto"}
        near = {"project_dir": str(site.parent), "config": "near", "job_type": "mkdocs", "job_params": mkdocs}
        answer = forgather.post("/api/queue", near)
        assert answer.ok, answer.text
        forgather.wait_status(answer.json()["queue_id"], "running")
        for each in refused:
            assert (each.result().status_code, silent in each.result().text) == (503, True), each.result().text
    mount.answer_after(0)
    forgather.wait_status(waiting, "running")
