"""GET /api/runs: the progress of a config's runs, and the notification of an open page."""

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

from forgather_units.samples.collection import STEPS
from forgather_units.samples.curves import Shape
from forgather_units.samples.run import open_run


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], dialect: Path) -> Forgather:
    server = make_forgather(search_roots=[str(dialect.parent)])
    server.start()
    return server


def runs(forgather: Forgather, dialect: Path, **given: str) -> requests.Response:
    return forgather.get("/api/runs", params={"project_dir": str(dialect), **given})


def test_the_runs_of_a_config(forgather: Forgather, dialect: Path) -> None:
    answer = runs(forgather, dialect).json()
    folder = dialect / "output_models/default_model"
    assert (answer["config"], answer["output_dir"]) == ("plain.yaml", str(folder))
    (run,) = answer["runs"]
    assert (run["name"], run["path"], run["last_step"]) == ("default_model/log_1", str(folder / "runs/log_1"), STEPS)
    losses = [
        each["loss"] for each in json.loads((folder / "runs/log_1/trainer_logs.json").read_text()) if "loss" in each
    ]
    assert run["last_loss"] == losses[-1]
    assert (answer["count"], answer["counted"], answer["complete"]) == (1, True, True)
    assert run["age_seconds"] >= 0 and run["curve"][-1][0] == STEPS
    shutil.rmtree(folder)
    assert runs(forgather, dialect, config="plain.yaml").json()["runs"] == []


def test_an_open_page_is_notified_when_a_run_continues(forgather: Forgather, dialect: Path) -> None:
    received: list[str] = []

    def listen() -> None:
        with forgather.get("/api/events", stream=True) as stream:
            for line in stream.iter_lines(chunk_size=1):
                received.append(line.decode())
                if line == b"event: runs":
                    return

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    wait_until(lambda: any(line.startswith("data: ") for line in received))
    assert json.loads(received[1].removeprefix("data: "))["runs"] is True
    assert len(runs(forgather, dialect).json()["runs"]) == 1
    folder = dialect / "output_models/default_model/runs/log_2"
    with open_run(folder, Shape("x", 3.0, 4.0, 1e-3, 1000), 1.7e9) as run:

        def step_is_noticed() -> bool:
            # The watch starts a moment later: write until the event arrives.
            run.step(1.7e9)
            return not listener.is_alive()

        wait_until(step_is_noticed)
        newest, _ = runs(forgather, dialect).json()["runs"]
    assert newest["name"] == "default_model/log_2" and newest["last_step"] >= 1


@pytest.mark.parametrize(
    ("given", "status", "words"),
    [
        ({"project_dir": "relative"}, 422, "project_dir must be an absolute path"),
        ({"project_dir": ""}, 422, "project_dir is missing"),
        ({"config": "absent.yaml"}, 404, "absent.yaml"),
        ({"dynamic_args": "[]"}, 422, "dynamic_args must be a JSON object"),
    ],
)
def test_invalid_parameters_are_refused(
    forgather: Forgather, dialect: Path, given: dict[str, str], status: int, words: str
) -> None:
    answer = runs(forgather, dialect, **given)
    assert (answer.status_code, words in answer.json()["detail"]) == (status, True), answer.text
