"""Projects and configs over the API, and from a config to its TensorBoard."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from forgather_server import Forgather
from waiting import wait_until


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], workspace: Path) -> Forgather:
    server = make_forgather(search_roots=[str(workspace)])
    server.start()
    return server


def test_the_list_of_projects_and_configs(forgather: Forgather, workspace: Path) -> None:
    dialect, small = forgather.get("/api/projects/changes").json()["projects"]
    assert (dialect["project_dir"], dialect["name"]) == (str(workspace / "dialect"), "Dialect")
    assert (dialect["default_config"], dialect["error"]) == ("plain.yaml", None)
    configs = {each["name"]: each for each in dialect["configs"]}
    assert configs["plain.yaml"]["output_dir"] == f"{workspace}/dialect/output_models/default_model"
    assert configs["plain.yaml"]["config_class"] == "type.training_script"
    assert configs["leaked.yaml"]["output_dir"] is None and "line 4" in configs["leaked.yaml"]["error"]
    # Listed without their resolved facts; then one project by itself.
    (unresolved,) = forgather.get("/api/projects?resolve=false").json()
    assert [each["name"] for each in unresolved["projects"][0]["configs"]] == list(configs)
    assert unresolved["projects"][0]["configs"][0]["output_dir"] is None
    alone = forgather.get("/api/project", params={"project_dir": small["project_dir"]}).json()
    assert alone == {**small, "parse_error": None}


def test_the_output_dir_of_a_config(forgather: Forgather, workspace: Path) -> None:
    project = str(workspace / "dialect")
    (workspace / "dialect/output_models/default_model/runs").mkdir(parents=True)

    def ask(**params: str) -> dict[str, object]:
        answer = forgather.get("/api/config/output-dir", params={"project_dir": project, **params})
        found: dict[str, object] = answer.json() | {"code": answer.status_code}
        return found

    found = ask(config="plain.yaml")
    assert found == ask() and found["title"] == "Nameless"
    assert found["output_dir"] == f"{project}/output_models/default_model"
    assert (found["output_dir_exists"], found["output_dir_entry_count"]) == (True, 1)
    assert (found["models_dir"], found["models_dir_exists"]) == (f"{project}/output_models", True)
    assert (
        ask(config="arguments.yaml", dynamic_args='{"max_steps": 3}')["output_dir"]
        == f"{project}/output_models/steps_6"
    )
    dataset = ask(config="dataset.yaml")
    assert (dataset["code"], dataset["output_dir"], dataset["output_dir_exists"]) == (200, None, False)
    assert ask(config="leaked.yaml")["code"] == 400
    assert ask(config="nothing.yaml")["code"] == 404
    assert ask(config="plain.yaml", project_dir="relative")["code"] == 422
    assert ask(config="plain.yaml", project_dir="/nowhere")["code"] == 404
    assert ask(config="plain.yaml", dynamic_args="[1]")["code"] == 422
    assert forgather.get("/api/config/output-dir").status_code == 422


def test_search_roots_are_added_and_removed(forgather: Forgather, workspace: Path, tmp_path: Path) -> None:
    configured = {"path": str(workspace), "exists": True, "configured": True}
    assert forgather.get("/api/search-roots").json() == [configured]
    other = tmp_path / "other"
    added = {"path": str(other), "exists": True, "configured": False}
    assert forgather.post("/api/search-roots", {"path": str(other)}).status_code == 400
    assert forgather.post("/api/search-roots", {"path": str(other), "create": True}).json() == added
    shutil.copytree(workspace / "small", other / "copy")
    shutil.copytree(workspace / "forgather_workspace", other / "forgather_workspace")
    assert len(forgather.get("/api/projects/changes").json()["projects"]) == 3
    forgather.stop()
    forgather.start()
    assert forgather.get("/api/search-roots").json() == [configured, added]
    assert forgather.delete(f"/api/search-roots?path={other}").json() == {"removed": str(other)}
    assert forgather.delete(f"/api/search-roots?path={other}").status_code == 404
    assert forgather.delete(f"/api/search-roots?path={workspace}").status_code == 409
    assert len(forgather.get("/api/projects/changes").json()["projects"]) == 2
    wrong: tuple[object, ...] = ({}, {"path": 1}, {"path": "/", "x": 1}, {"path": "/x", "create": "yes"}, [])
    for body in wrong:
        assert forgather.post("/api/search-roots", body).status_code == 422


def test_an_open_page_is_notified_of_a_change(forgather: Forgather, workspace: Path) -> None:
    with forgather.get("/api/events", stream=True) as events:
        lines = events.iter_lines()
        assert next(lines) == b"event: hello"
        # The watch starts in the background; the loop writes until it is notified.
        config = workspace / "small/recipes/runs/b.yaml"
        seen: list[bytes] = []

        def notified() -> bool:
            config.write_text(f"meta:\n    output_dir: out/{len(seen)}\n")
            seen.append(next(lines))
            return b"event: projects" in seen

        wait_until(notified)
    assert forgather.get("/api/projects/changes").json()["projects"][1]["configs"][1]["config_name"] is None


def test_all_project_routes_require_authentication(forgather: Forgather) -> None:
    forgather.session.headers.pop("Authorization")
    for path in ("projects", "project?project_dir=/x", "config/output-dir", "search-roots"):
        assert forgather.get(f"/api/{path}").status_code == 401


def test_from_a_config_to_its_tensorboard(forgather: Forgather, workspace: Path, sample_runs: Path) -> None:
    project = workspace / "dialect"
    shutil.copytree(sample_runs / "tiny", project / "output_models/default_model")
    done = forgather.cli("-p", str(project), "-t", "plain.yaml", "tb", "--enqueue", "--port", "auto", "--wait")
    queue_id = done.stdout.split()[1]
    record = forgather.job(queue_id)
    assert (record["project_dir"], record["job_params"]["window_title"]) == (str(project), "Nameless")
    environment = forgather.get(f"/api/tb/{queue_id}/data/environment").json()
    assert environment["window_title"] == "Nameless"
    assert environment["data_location"].endswith("dialect/output_models/default_model")
    runs = forgather.get(f"/api/tb/{queue_id}/data/runs").json()
    assert any(run.startswith("runs/log_") for run in runs)
