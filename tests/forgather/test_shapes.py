"""The shapes of responses that Forgather's own page and command read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from forgather_server import Forgather
from ports import free_port
from waiting import wait_until

from forgather_units import __version__


@pytest.fixture
def forgather(make_forgather: Callable[..., Forgather], workspace: Path, tmp_path: Path) -> Forgather:
    server = make_forgather(search_roots=[str(workspace)], browse_roots=[str(tmp_path)])
    server.start()
    return server


def test_the_tree_of_projects(forgather: Forgather, workspace: Path) -> None:
    """Its page draws one branch for each workspace, and iterates projects and configs."""
    (tree,) = forgather.get("/api/projects").json()
    assert {name: tree[name] for name in ("workspace_root", "name", "description", "parent_workspace_root")} == {
        "workspace_root": str(workspace),
        "name": workspace.name,
        "description": None,
        "parent_workspace_root": None,
    }
    dialect, small = tree["projects"]
    assert (dialect["name"], dialect["default_config"], dialect["parse_error"]) == ("Dialect", "plain.yaml", None)
    assert {"name", "path"} <= dialect["configs"][0].keys()
    assert small["workspace_root"] == str(workspace)


def test_a_workspace_in_a_workspace_and_a_project_in_none(
    forgather: Forgather, workspace: Path, tmp_path: Path
) -> None:
    inner, alone = workspace / "inner", tmp_path / "alone"
    for folder in (inner / "forgather_workspace", inner / "one", alone / "two"):
        folder.mkdir(parents=True)
    for meta in (inner / "one", alone / "two"):
        (meta / "meta.yaml").write_text(f"name: {meta.name}\n")
    forgather.post("/api/search-roots", {"path": str(alone)})
    trees = {tree["workspace_root"]: tree for tree in forgather.get("/api/projects").json()}
    assert list(trees) == sorted(map(str, (workspace, inner, alone)))
    assert trees[str(inner)]["parent_workspace_root"] == str(workspace)
    assert trees[str(alone)]["parent_workspace_root"] is None
    assert [project["name"] for project in trees[str(inner)]["projects"]] == ["one"]
    # Its page reads each project's own error.
    assert [(each["name"], bool(each["parse_error"])) for each in trees[str(alone)]["projects"]] == [("two", True)]


def test_the_meta_block_of_a_config(forgather: Forgather, workspace: Path) -> None:
    def meta(config: str) -> dict[str, str | None]:
        params = {"project_dir": str(workspace / "dialect"), "config": config}
        read: dict[str, str | None] = forgather.get("/api/config/meta", params=params).json()
        return read

    assert meta("plain.yaml")["config_class"] == "type.training_script"
    assert meta("plain.yaml")["parse_error"] is None
    broken = meta("leaked.yaml")
    assert (broken["name"], broken["config_class"]) == (None, None)
    assert "line 4" in str(broken["parse_error"])


def test_a_service_with_capitals_and_the_operators_keys(forgather: Forgather, sample_runs: Path) -> None:
    args = {"logdir": str(sample_runs), "requested_gpus": 0, "priority": 2}
    body = {"type": "tensorboard", "name": "Llama-3_Runs", "enabled": True, "args": args}
    created = forgather.post("/api/services", body)
    assert created.status_code == 200, created.text
    (listed,) = forgather.get("/api/services").json()
    assert (listed["service"]["name"], listed["service"]["args"]) == ("Llama-3_Runs", args)
    job = wait_until(lambda: forgather.get("/api/jobs").json())[0]
    assert (job["service"], job["priority"], job["requested_gpus"]) == ("Llama-3_Runs", 2, 0)
    assert forgather.get("/api/tb/Llama-3_Runs/data/environment").status_code == 200
    removed = forgather.delete("/api/services/tensorboard/Llama-3_Runs")
    assert removed.json() == {"deleted": "tensorboard:Llama-3_Runs"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"type": "inference"}, 400),
        ({"name": "a b"}, 422),
        ({"name": "-x"}, 422),
        ({"args": {"logdir": "/", "requested_gpus": "one"}}, 422),
    ],
)
def test_a_service_that_is_refused(
    forgather: Forgather, sample_runs: Path, change: dict[str, object], status: int
) -> None:
    body = {"type": "tensorboard", "name": "x", "args": {"logdir": str(sample_runs)}, **change}
    refused = forgather.post("/api/services", body)
    assert refused.status_code == status, refused.text
    assert isinstance(refused.json()["detail"], str)


def test_the_picker_begins_at_quick_paths(forgather: Forgather, workspace: Path, tmp_path: Path) -> None:
    quick = forgather.get("/api/fs/quick-paths").json()
    assert {"label": workspace.name, "path": str(workspace)} in quick
    for each in quick:
        assert forgather.get("/api/fs/browse", params={"path": each["path"]}).status_code == 200
    (tmp_path / "listed").mkdir()
    (tmp_path / "listed" / ".hidden").mkdir()
    (tmp_path / "listed" / "events.txt").touch()

    def names(**params: str) -> list[str]:
        query = {"path": str(tmp_path / "listed"), **params}
        return [entry["name"] for entry in forgather.get("/api/fs/browse", params=query).json()["entries"]]

    assert names(show_hidden="false", files_too="false") == []
    assert names(show_hidden="true", files_too="true") == [".hidden", "events.txt"]


def test_whether_a_path_exists(forgather: Forgather, tmp_path: Path) -> None:
    def asked(path: str) -> tuple[int, dict[str, object]]:
        response = forgather.get("/api/fs/path-exists", params={"path": path})
        return response.status_code, response.json()

    assert asked(str(tmp_path)) == (200, {"path": str(tmp_path), "exists": True, "is_dir": True})
    assert asked(f"{tmp_path}/no")[1]["exists"] is False
    # Otherwise a user of a shared server could search the whole machine.
    assert asked("/etc/passwd")[0] == 400
    assert asked("relative")[0] == 400


def test_the_identity_stays_over_a_restart(forgather: Forgather) -> None:
    before = forgather.get("/api/server-identity").json()
    forgather.stop()
    forgather.start()
    assert before == forgather.get("/api/server-identity").json()
    assert isinstance(before["identity"], str)


def test_what_its_sign_in_reads(forgather: Forgather) -> None:
    status = forgather.get("/api/auth/status").json()
    assert (status["demo_mode"], status["forgather_version"]) == (False, __version__)
    assert forgather.post("/api/auth/set-password", {"password": "abc"}).status_code == 400
    assert forgather.post("/api/auth/set-password", {"password": "abcd"}).status_code == 200
    signed_in = forgather.post("/api/auth/login", {"password": "abcd"})
    assert signed_in.json()["ok"] is True
    forgather.session.headers.pop("Authorization")
    missing = forgather.post("/api/auth/set-password", {"password": "efgh"})
    assert (missing.status_code, missing.json()["detail"]) == (401, "current_password is missing")


def test_a_space_in_samples_per_plugin(forgather: Forgather, sample_runs: Path, needs_socket_placement: None) -> None:
    queue_id = forgather.submit(sample_runs, port=free_port(), lazy=True, samples_per_plugin="images=100, text=0")
    assert forgather.job(queue_id)["job_params"]["samples_per_plugin"] == "images=100,text=0"
