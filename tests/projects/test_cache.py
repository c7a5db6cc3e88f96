"""Cached results are used, without starting a process, while the files have not changed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from forgather_units.projects import catalog as catalog_module
from forgather_units.projects.catalog import Catalog
from forgather_units.projects.isolation import Isolated
from forgather_units.projects.outcome import Outcome, Request


@pytest.fixture
def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rendered templates, in order; a test may clear the list."""
    names: list[str] = []

    class Counted(Isolated):
        def answer(self, request: Request) -> Outcome:
            names.append(request.template)
            return super().answer(request)

    monkeypatch.setattr(catalog_module, "Isolated", Counted)
    return names


def age(folder: Path) -> None:
    """Set all mtimes to a minute ago, because results of files that are just being written are not cached."""
    before = time.time() - 60
    for path in [*folder.rglob("*"), folder]:
        os.utime(path, (before, before))


@pytest.fixture
def project(workspace: Path) -> Path:
    age(workspace)
    return workspace / "dialect"


def output_dir(catalog: Catalog, project: Path, name: str) -> str | None:
    return {each.name: each for each in catalog.project(str(project)).configs}[name].output_dir


def test_unchanged_configs_are_not_rendered_again(project: Path, rendered: list[str]) -> None:
    catalog = Catalog()
    first = catalog.project(str(project))
    assert len(rendered) == 14 and rendered[0] == "meta.yaml"
    rendered.clear()
    assert catalog.project(str(project)) == first
    assert not rendered


def test_a_change_renders_only_the_affected_configs(project: Path, rendered: list[str]) -> None:
    catalog = Catalog()
    catalog.project(str(project))
    rendered.clear()
    file = project / "templates/parts/shared.yaml"
    file.write_text(file.read_text().replace("_shared", "_changed"))
    assert output_dir(catalog, project, "parts.yaml") == f"{project}/output_models/parts_changed_named"
    assert rendered == ["configs/parts.yaml"]


def test_a_replacement_with_the_same_mtime_is_noticed(project: Path, rendered: list[str]) -> None:
    catalog = Catalog()
    catalog.project(str(project))
    file = project / "templates/parts/shared.yaml"
    before = file.stat()
    other = file.with_name("other")
    other.write_text(file.read_text().replace("_shared", "_SHARED"))
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(file)
    assert output_dir(catalog, project, "parts.yaml") == f"{project}/output_models/parts_SHARED_named"


def test_a_new_template_earlier_on_the_search_path_is_noticed(project: Path, rendered: list[str]) -> None:
    catalog = Catalog()
    catalog.project(str(project))
    (project / "templates/experiment.yaml").write_text("meta:\n  output_dir: mine\n")
    assert output_dir(catalog, project, "plain.yaml") == f"{project}/mine"


def test_a_template_that_was_missing_is_noticed(project: Path, rendered: list[str]) -> None:
    catalog = Catalog()
    assert output_dir(catalog, project, "leaked.yaml") is None
    (project / "templates/config.names").write_text("# nothing\n")
    assert output_dir(catalog, project, "leaked.yaml") == f"{project}/output_models/default_model"


def test_new_and_deleted_configs_and_projects_are_noticed(project: Path, rendered: list[str]) -> None:
    catalog, root = Catalog(), str(project.parent)
    assert len(catalog.projects([root])) == 2
    (project / "templates/configs/new.yaml").write_text("meta:\n  output_dir: new\n")
    (project / "templates/configs/plain.yaml").unlink()
    (project.parent / "later").mkdir()
    (project.parent / "later/meta.yaml").write_text("name: Later\n")
    found = catalog.projects([root])
    assert [each.name for each in found] == ["Dialect", "Later", "Small"]
    names = [each.name for each in found[0].configs]
    assert "new.yaml" in names and "plain.yaml" not in names


def test_a_change_of_meta_changes_the_list_of_configs(project: Path, rendered: list[str]) -> None:
    catalog = Catalog()
    catalog.project(str(project))
    meta = project / "meta.yaml"
    meta.write_text(meta.read_text() + '\n[own_folders]\n    - "{{ project_dir }}/others"\n')
    assert catalog.project(str(project)).configs == ()


def test_a_file_that_is_just_being_written_is_read_again(project: Path, rendered: list[str]) -> None:
    """Two writes within one step of the file system's clock have one mtime."""
    catalog = Catalog()
    file = project / "templates/configs/new.yaml"
    for name in ("a", "b", "c", "d"):
        file.write_text(f"meta:\n  output_dir: {name}\n")
        stamp = time.time_ns()
        os.utime(file, ns=(stamp, stamp))
        assert output_dir(catalog, project, "new.yaml") == f"{project}/{name}"


def test_the_cache_is_kept_for_the_next_process(project: Path, rendered: list[str], tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = Catalog(cache).project(str(project))
    rendered.clear()
    assert Catalog(cache).project(str(project)) == first
    assert not rendered
    [file] = cache.iterdir()
    assert file.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["", "{", "[]", '{"made_by": 1}', "null", "\x00"])
def test_a_damaged_cache_is_ignored(project: Path, rendered: list[str], tmp_path: Path, text: str) -> None:
    cache = tmp_path / "cache"
    first = output_dir(Catalog(cache), project, "globals.yaml")
    (cache / "configs.json").write_text(text)
    rendered.clear()
    assert output_dir(Catalog(cache), project, "globals.yaml") == first
    assert len(rendered) == 14


def test_the_cache_depends_on_the_home(
    project: Path, rendered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = tmp_path / "cache"
    Catalog(cache).project(str(project))
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert output_dir(Catalog(cache), project, "outside.yaml") == str(tmp_path / "home/models/default_model")


def test_a_full_disk_does_not_fail_the_listing(
    project: Path, rendered: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused: list[str] = []

    def full(*args: object, **more: object) -> Callable[[], None]:
        refused.append("write")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("forgather_units.projects.cache.write_atomic", full)
    assert Catalog(tmp_path / "cache").project(str(project)).configs
    assert refused
