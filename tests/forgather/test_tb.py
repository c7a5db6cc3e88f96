"""Forgather's own `tb --enqueue`: the request that it sends, also before the first training."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from forgather_server import Forgather
from waiting import wait_until


@pytest.fixture
def project() -> Iterator[Path]:
    """A project in the home, of which a viewer sees its logdir only."""
    folder = Path.home() / f"forgather-test-{os.getpid()}"
    folder.mkdir()
    (folder / "meta.yaml").write_text("name: x\n")
    (folder / "secret.txt").write_text("secret")
    yield folder
    shutil.rmtree(folder)


def enqueue(forgather: Forgather, project: Path, logdir: Path, **params: Any) -> requests.Response:
    """The body that Forgather's command sends for a config: all of its flags are there, if only as null."""
    job_params = {
        "logdir": str(logdir),
        "port": 6006,
        "host": None,
        "bind_all": False,
        "window_title": "train_tiny",
        "reload_interval": 1,
        "reload_multifile": None,
        "samples_per_plugin": None,
        **params,
    }
    body = {
        "project_dir": str(project),
        "config": "tensorboard:6006",
        "dynamic_args": {},
        "requested_gpus": 0,
        "priority": 0,
        "job_type": "tensorboard",
        "job_params": job_params,
    }
    return forgather.post("/api/queue", body)


def train(logdir: Path, sample_runs: Path) -> None:
    """What the first training creates."""
    (logdir / "runs" / "first").mkdir(parents=True)
    shutil.copy(next(sample_runs.rglob("*tfevents*")), logdir / "runs" / "first")


def shown_runs(forgather: Forgather, queue_id: str) -> object:
    response = forgather.get(f"/api/tb/{queue_id}/data/runs")
    try:
        return response.json()
    except requests.JSONDecodeError:
        return response.text[:200]


@pytest.mark.parametrize("placement", ["socket", "direct"])
def test_before_the_first_training(
    forgather: Forgather, project: Path, sample_runs: Path, placement: str, needs_socket_placement: None
) -> None:
    logdir = project / "output_models" / "tiny"
    response = enqueue(forgather, project, logdir, port="auto", direct=placement == "direct")
    assert response.status_code == 200, response.text
    queue_id, (warning,) = response.json()["queue_id"], response.json()["warnings"]
    assert warning == f"{logdir} does not exist yet: TensorBoard will be empty until a training creates it"
    pid = forgather.wait_status(queue_id, "running")["pid"]
    wait_until(lambda: forgather.job(queue_id)["notices"])
    assert shown_runs(forgather, queue_id) == []
    # Nothing else in the folder where it will appear can be seen.
    assert visible(pid, project) == []
    train(logdir, sample_runs)
    wait_until(lambda: shown_runs(forgather, queue_id) == ["runs/first"])
    wait_until(lambda: not any("does not exist" in notice for notice in forgather.job(queue_id)["notices"]))
    assert visible(forgather.wait_status(queue_id, "running")["pid"], project) == ["output_models"]
    output = forgather.get(f"/api/jobs/{queue_id}/tty").text
    assert f"{logdir} does not exist yet: TensorBoard shows its content as soon as it does" in output
    assert f"{logdir} has appeared: TensorBoard is restarted to show it" in output


def visible(pid: int, folder: Path) -> list[str]:
    """The names in `folder` that a process sees; none if it does not see the folder either."""
    try:
        return [each.name for each in Path(f"/proc/{pid}/root{folder}").iterdir()]
    except FileNotFoundError:
        return []


def test_a_job_that_sleeps_meanwhile(
    forgather: Forgather, project: Path, sample_runs: Path, needs_socket_placement: None
) -> None:
    logdir = project / "output_models" / "tiny"
    queue_id = enqueue(forgather, project, logdir, port="auto", lazy=True).json()["queue_id"]
    train(logdir, sample_runs)
    wait_until(lambda: shown_runs(forgather, queue_id) == ["runs/first"])


@pytest.mark.parametrize("path", ["/nowhere/output_models/tiny", "{project}x/tiny", "{project}/secret.txt/tiny"])
def test_a_mistyped_path_elsewhere_is_refused(forgather: Forgather, project: Path, path: str) -> None:
    logdir = path.format(project=project)
    refused = enqueue(forgather, project, Path(logdir))
    assert refused.status_code == 400
    assert refused.json()["detail"] in (
        f"logdir {logdir} does not exist",
        f"logdir {logdir} cannot be used: Not a directory",
    )


def test_a_folder_that_is_no_project_expects_nothing(forgather: Forgather, project: Path) -> None:
    (project / "meta.yaml").unlink()
    refused = enqueue(forgather, project, project / "output_models")
    assert (refused.status_code, refused.json()["field"]) == (400, "logdir")


def test_a_search_root_expects_folders_too(make_forgather: Callable[..., Forgather], project: Path) -> None:
    forgather = make_forgather(search_roots=[str(project)])
    forgather.start()
    (project / "meta.yaml").unlink()
    logdir = project / "output_models" / "tiny"
    facts = forgather.get("/api/logdir", params={"path": str(logdir)}).json()
    assert (facts["exists"], facts["error"]) == (False, None)
    assert enqueue(forgather, project, logdir, port="auto").status_code == 200


def test_this_program_s_own_command(forgather: Forgather, project: Path) -> None:
    """`forgather tb` in the project, in the foreground and queued."""
    (project / "meta.yaml").write_text("name: x\nconfig_prefix: configs\ndefault_config: a.yaml\n")
    (project / "forgather_workspace").mkdir()
    (project / "templates" / "configs").mkdir(parents=True)
    config = "meta:\n    config_class: type.training_script\n    output_dir: output_models/tiny\n"
    (project / "templates" / "configs" / "a.yaml").write_text(config)
    warning = f"warning: {project}/output_models/tiny does not exist yet: TensorBoard will be empty"
    shown = forgather.cli("-p", str(project), "tb", "--dry-run")
    assert shown.stderr.startswith(warning)
    assert f"--logdir={project}/output_models/tiny" in shown.stdout
    queued = forgather.cli("-p", str(project), "tb", "--enqueue", "--port", "auto")
    assert queued.stderr.startswith(warning)
    assert queued.stdout.startswith("queued: q_")
