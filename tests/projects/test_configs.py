"""The configs in tests/projects/workspace, which use every part of the dialect, and their output folders."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forgather_units.domain.errors import NotFound, Refused
from forgather_units.projects.catalog import Catalog
from forgather_units.projects.project import Config, Project

TRAINING = "type.training_script"

# Name, class, models_dir and output_dir relative to the project; None if not set.
EXPECTED: dict[str, tuple[str | None, str | None, str | None, str | None]] = {
    "arguments.yaml": ("Arguments", None, None, "output_models/steps_200"),
    "blocks.yaml": ("Blocks by indentation", TRAINING, "output_models", "output_models/blocks"),
    "closed.yaml": ("Closed by name", TRAINING, "output_models", "output_models/closed"),
    "dataset.yaml": ("Words", "type.dataset", None, None),
    "globals.yaml": ("Globals: #1", f"{TRAINING}.causal_lm", "~/models", "output_models/dialect"),
    "nested/deeper/far.yaml": ("Nameless", TRAINING, "output_models", "output_models/far"),
    "outside.yaml": ("Nameless", TRAINING, "~/models", "~/models/default_model"),
    "parts.yaml": ("Sub-templates", TRAINING, "output_models", "output_models/parts_shared_named"),
    "plain.yaml": ("Nameless", TRAINING, "output_models", "output_models/default_model"),
    "statements.yaml": ("Line statements", None, None, "statements"),
    "trimmed.yaml": ("Trimmed", None, None, "output_models/trimmed"),
    "yaml.yaml": ("Merged", f"{TRAINING}.tagged", "relative/models", "tagged/output"),
}


def folder(project: Project, text: str | None) -> str | None:
    return str(Path(project.project_dir) / Path(text).expanduser()) if text else None


def by_name(project: Project) -> dict[str, Config]:
    return {config.name: config for config in project.configs}


@pytest.fixture
def dialect(workspace: Path) -> Project:
    return Catalog().project(str(workspace / "dialect"))


def test_all_configs_have_the_expected_values(dialect: Project) -> None:
    configs = by_name(dialect)
    assert set(configs) == {*EXPECTED, "leaked.yaml"}
    for name, (config_name, config_class, models_dir, output_dir) in EXPECTED.items():
        config = configs[name]
        assert config.error is None
        assert (config.config_name, config.config_class) == (config_name, config_class)
        assert config.models_dir == folder(dialect, models_dir), name
        assert config.output_dir == folder(dialect, output_dir), name


def test_sub_templates_belong_to_one_config(dialect: Project) -> None:
    error = by_name(dialect)["leaked.yaml"].error
    assert error == "templates/configs/leaked.yaml, line 4: there is no template 'config.names' on its search path"


def test_the_values_of_meta(dialect: Project, workspace: Path) -> None:
    assert (dialect.name, dialect.default_config, dialect.error) == ("Dialect", "plain.yaml", None)
    assert dialect.description == "Every part of the template dialect, one config each"
    assert dialect.workspace_root == str(workspace)
    assert [each.name for each in dialect.configs if each.is_default] == ["plain.yaml"]
    logging_dir = by_name(dialect)["plain.yaml"].logging_dir
    assert logging_dir and re.search(r"/default_model/runs/log_\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d$", logging_dir)


def test_a_project_with_its_own_search_path_and_prefix(workspace: Path) -> None:
    small = Catalog().project(str(workspace / "small"))
    assert [(each.name, each.title, each.output_dir) for each in small.configs] == [
        ("a.yaml", "a.yaml", str(workspace / "small/out/a")),
        ("b.yaml", "B", str(workspace / "small/out/b")),
    ]
    # Without one in meta.yaml it is the first config.
    assert small.default_config == "a.yaml"


def test_discovery_skips_folders_that_cannot_contain_projects(workspace: Path) -> None:
    inside = ["dialect/inner", "dialect/.git/x", "dialect/output_models/x", "node_modules/x", "forgather_workspace/x"]
    for place in inside:
        (workspace / place).mkdir(parents=True)
        (workspace / place / "meta.yaml").write_text("name: x\n")
    (workspace / "link").symlink_to(workspace / "dialect")
    found = Catalog().projects([str(workspace), str(workspace / "dialect")], resolve=False)
    assert [Path(each.project_dir).relative_to(workspace).as_posix() for each in found] == [
        "dialect",
        "dialect/inner",
        "small",
    ]
    assert all(config.output_dir is None for project in found for config in project.configs)


def test_a_bad_project_does_not_affect_the_others(workspace: Path, tmp_path: Path) -> None:
    for name, text in {"loop": "{% include 'meta.yaml' %}", "text": "hello", "odd": "config_prefix: ../..\n"}.items():
        (workspace / name).mkdir()
        (workspace / name / "meta.yaml").write_text(text)
    homeless = tmp_path / "homeless"
    homeless.mkdir()
    (homeless / "meta.yaml").write_text("name: x\n")
    found = {Path(each.project_dir).name: each for each in Catalog().projects([str(tmp_path)])}
    errors = {name: each.error for name, each in found.items() if each.error}
    assert errors == {
        "loop": "meta.yaml, line 1: includes or calls itself without end",
        "text": "meta.yaml: is not a mapping of names to values",
        "odd": "meta.yaml: config_prefix ../.. leads out of the templates",
        "homeless": f"{homeless}: there is no forgather_workspace folder in it or above it",
    }
    assert found["loop"].name == "loop" and not found["loop"].configs
    assert len(found["dialect"].configs) == len(EXPECTED) + 1


def test_a_config_by_its_name(workspace: Path) -> None:
    catalog, project = Catalog(), str(workspace / "dialect")
    assert catalog.config(project).name == "plain.yaml"
    assert catalog.config(project, "nested/deeper/far").name == "nested/deeper/far.yaml"
    with pytest.raises(NotFound, match=r"has no config block\.yaml") as caught:
        catalog.config(project, "block.yaml")
    assert "blocks.yaml" in caught.value.hint
    with pytest.raises(Refused, match=r"leaked\.yaml, line 4"):
        catalog.config(project, "leaked.yaml")
    with pytest.raises(NotFound, match=r"has no meta\.yaml"):
        catalog.config(str(workspace / "library"))


def test_dynamic_arguments_are_variables_of_the_templates(workspace: Path) -> None:
    catalog, project = Catalog(), str(workspace / "dialect")
    given = catalog.config(project, "arguments.yaml", {"max_steps": 7, "run_name": "Short"})
    assert (given.config_name, given.output_dir) == ("Short", f"{project}/output_models/steps_14")
    assert catalog.config(project, "arguments.yaml").output_dir == f"{project}/output_models/steps_200"
