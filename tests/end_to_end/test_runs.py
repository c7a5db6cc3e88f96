"""GET /api/runs: how far a config's runs have come, and that a page is told when they go on."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from forgather_server import Forgather
from waiting import wait_until

from forgather_units.samples.collection import SAMPLES, STEPS
from forgather_units.samples.curves import Shape
from forgather_units.samples.run import open_run

WORKSPACE = Path(__file__).parents[1] / "projects" / "workspace"


@pytest.fixture
def project(tmp_path: Path, sample_runs: Path) -> Path:
    """Its default config has written one run."""
    project = Path(shutil.copytree(WORKSPACE, tmp_path / "workspace")) / "dialect"
    shutil.copytree(sample_runs / SAMPLES[0].folder, project / "output_models/default_model/runs/log_1")
    return project


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], project: Path) -> Forgather:
    server = make_forgather(search_roots=[str(project.parent)])
    server.start()
    return server


def runs(forgather: Forgather, project: Path, **given: str) -> requests.Response:
    return forgather.get("/api/runs", params={"project_dir": str(project), **given})


def test_the_runs_of_a_config(forgather: Forgather, project: Path) -> None:
    answer = runs(forgather, project).json()
    folder = project / "output_models/default_model"
    assert (answer["config"], answer["output_dir"]) == ("plain.yaml", str(folder))
    (run,) = answer["runs"]
    assert (run["name"], run["path"], run["last_step"]) == ("default_model/log_1", str(folder / "runs/log_1"), STEPS)
    losses = [
        each["loss"] for each in json.loads((folder / "runs/log_1/trainer_logs.json").read_text()) if "loss" in each
    ]
    assert run["last_loss"] == losses[-1]
    assert run["age_seconds"] >= 0 and run["curve"][-1][0] == STEPS
    shutil.rmtree(folder)
    assert runs(forgather, project, config="plain.yaml").json()["runs"] == []


def test_a_page_is_told_when_a_run_goes_on(forgather: Forgather, project: Path) -> None:
    told: list[str] = []

    def listen() -> None:
        with forgather.get("/api/events", stream=True) as stream:
            for line in stream.iter_lines(chunk_size=1):
                told.append(line.decode())
                if line == b"event: runs":
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    wait_until(lambda: any(line.startswith("data: ") for line in told))
    assert json.loads(told[1].removeprefix("data: "))["runs"] is True
    assert len(runs(forgather, project).json()["runs"]) == 1
    folder = project / "output_models/default_model/runs/log_2"
    with open_run(folder, Shape("x", 3.0, 4.0, 1e-3, 1000), 1.7e9) as run:

        def goes_on() -> bool:
            # (Watches are set up in a moment: it writes until it is heard of.)
            run.step(1.7e9)
            return not listener.is_alive()

        wait_until(goes_on, 20)
        newest, _ = runs(forgather, project).json()["runs"]
    assert newest["name"] == "default_model/log_2" and newest["last_step"] >= 1


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ({"project_dir": "relative"}, 422, "project_dir must be an absolute path"),
        ({"project_dir": ""}, 422, "project_dir is missing"),
        ({"config": "absent.yaml"}, 404, "absent.yaml"),
        ({"dynamic_args": "[]"}, 422, "dynamic_args must be a JSON object"),
    ],
)
def test_what_is_refused(forgather: Forgather, project: Path, given: dict[str, str], status: int, said: str) -> None:
    answer = runs(forgather, project, **given)
    assert (answer.status_code, said in answer.json()["detail"]) == (status, True), answer.text
