"""`forgather ls`, and `forgather tb` inside a project."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
from cli.command_line import Reply, Shell, SmallServer
from example_workspace import copy_workspace

ID = "q_1000_0000000a"


@pytest.fixture
def workspace(forgather: Shell) -> Path:
    return copy_workspace(forgather.folder)


@pytest.fixture
def project(workspace: Path) -> Path:
    """With something in the output folder of its default config."""
    project = workspace / "dialect"
    run = project / "output_models/default_model/runs/log_1"
    run.mkdir(parents=True)
    (run / "events.out.tfevents.1.host.1.0").touch()
    return project


def test_ls_shows_a_project(forgather: Shell, project: Path) -> None:
    done = forgather("-p", str(project), "ls")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[:2] == ["Dialect : Every part of the template dialect, one config each", str(project)]
    assert lines[2].split() == ["CONFIG", "NAME", "CLASS", "OUTPUT", "DIR"]
    rows = {line.split()[0]: line for line in lines[3:]}
    assert rows["[plain.yaml]"].split()[1:] == [
        "Nameless",
        "type.training_script",
        f"{project}/output_models/default_model",
    ]
    assert rows["dataset.yaml"].split() == ["dataset.yaml", "Words", "type.dataset", "-"]
    assert "ERROR" in rows["leaked.yaml"] and "line 4: there is no template 'config.names'" in rows["leaked.yaml"]


def test_ls_finds_the_project_from_inside(forgather: Shell, project: Path) -> None:
    assert forgather("-p", str(project / "templates/configs"), "ls").out == forgather("ls", str(project)).out


def test_ls_below_a_folder(forgather: Shell, workspace: Path) -> None:
    done = forgather("ls", "-r")
    assert [line for line in done.out.splitlines() if line.startswith("/")] == [
        str(workspace / "dialect"),
        str(workspace / "small"),
    ]
    projects = forgather("ls", "-r", "--json").json["projects"]
    assert [(each["name"], each["default_config"]) for each in projects] == [
        ("Dialect", "plain.yaml"),
        ("Small", "a.yaml"),
    ]
    assert projects[1]["configs"][1] | {"path": ""} == {
        "name": "b.yaml",
        "path": "",
        "is_default": False,
        "config_name": "B",
        "config_description": None,
        "config_class": None,
        "output_dir": str(workspace / "small/out/b"),
        "models_dir": None,
        "logging_dir": None,
        "nproc_per_node": None,
        "error": None,
    }


def test_ls_with_a_broken_project_among_others(forgather: Shell, workspace: Path) -> None:
    (workspace / "small/meta.yaml").write_text("-- if\n")
    done = forgather("ls", "-r")
    assert done.code == 0 and "Dialect : " in done.out
    assert "error: meta.yaml, line 1: " in done.out


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["ls"], "there is no meta.yaml in "),
        (["ls", "-r"], "there is no project in or below "),
        (["ls", "nowhere"], "nowhere is not a folder"),
        (["-t", "x.yaml", "tb"], "there is no meta.yaml in "),
    ],
)
def test_no_project(forgather: Shell, words: list[str], sentence: str) -> None:
    done = forgather(*words)
    assert (done.code, done.out) == (1, "")
    assert sentence in done.err


def dry(forgather: Shell, *words: str) -> list[str]:
    done = forgather(*words, "--dry-run")
    assert (done.code, done.err) == (0, ""), done
    return shlex.split(done.out)[1:]


def test_tb_shows_the_default_config(forgather: Shell, project: Path) -> None:
    flags = dry(forgather, "-p", str(project), "tb")
    assert flags[0] == f"--logdir={project}/output_models/default_model"
    assert flags[-1] == "--window_title=Nameless"


def test_tb_shows_the_named_config(forgather: Shell, project: Path) -> None:
    far = project / "output_models/far"
    far.mkdir()
    (far / "tfevents").touch()
    assert dry(forgather, "-p", str(project), "-t", "nested/deeper/far", "tb")[0] == f"--logdir={far}"


def test_tb_with_dynamic_arguments(forgather: Shell, project: Path) -> None:
    folder = project / "output_models/steps_14"
    folder.mkdir()
    (folder / "tfevents").touch()
    words = ["--dynamic-arg", "max-steps=7", "--dynamic-arg", "run_name=a b"]
    flags = dry(forgather, "-p", str(project), "-t", "arguments.yaml", "tb", *words)
    assert (flags[0], flags[-1]) == (f"--logdir={folder}", "--window_title=a b")


def test_all_models(forgather: Shell, project: Path) -> None:
    assert dry(forgather, "-p", str(project), "tb", "--all")[0] == f"--logdir={project}/output_models"


def test_options_override_the_config(forgather: Shell, project: Path) -> None:
    flags = dry(forgather, "-p", str(project), "tb", "--window-title=Mine", "--logdir", str(project / "output_models"))
    assert (flags[0], flags[-1]) == (f"--logdir={project}/output_models", "--window_title=Mine")


def test_enqueue_names_the_project(forgather: Shell, server: SmallServer, project: Path) -> None:
    server.answers["POST /api/queue"] = lambda request: Reply({**request.body, "queue_id": ID})
    done = forgather("-p", str(project / "templates"), "tb", "--enqueue")
    assert done.out == f"queued: {ID} (tensorboard:6006, priority=0)\n"
    [request] = server.asked
    assert request.body["project_dir"] == str(project)
    assert request.body["job_params"] == {
        "logdir": f"{project}/output_models/default_model",
        "window_title": "Nameless",
    }


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["-t", "nothing.yaml", "tb"], "has no config nothing.yaml"),
        (["-t", "dataset.yaml", "tb"], "dataset.yaml is a type.dataset and has no output_dir"),
        (["-t", "leaked.yaml", "tb"], "templates/configs/leaked.yaml, line 4: there is no template 'config.names'"),
        (["-t", "dataset.yaml", "tb", "--all"], "has no models_dir"),
    ],
)
def test_a_config_without_a_logdir(forgather: Shell, project: Path, words: list[str], sentence: str) -> None:
    done = forgather("-p", str(project), *words)
    assert (done.code, done.out) == (1, "")
    assert done.err.startswith("forgather: ") and sentence in done.err


def test_a_config_before_its_first_training(forgather: Shell, project: Path) -> None:
    done = forgather("-p", str(project), "-t", "blocks.yaml", "tb", "--dry-run")
    logdir = project / "output_models" / "blocks"
    assert done.code == 0
    assert f"--logdir={logdir}" in done.out
    assert done.err.startswith(f"warning: {logdir} does not exist yet: TensorBoard will be empty until a training")


@pytest.mark.parametrize(
    "words",
    [
        ["-t", "x.yaml", "tb", "--logdir=."],
        ["tb", "--logdir=.", "--all"],
        ["tb", "--logdir=.", "--dynamic-arg", "a=b"],
        ["tb", "--dynamic-arg", "a"],
        ["tb", "--dynamic-arg", "a b=c"],
    ],
)
def test_conflicting_options(forgather: Shell, words: list[str]) -> None:
    assert forgather(*words).code == 2
