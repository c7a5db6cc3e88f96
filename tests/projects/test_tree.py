"""Projects listed while a file system below a search root does not respond."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import dead_mount
import pytest
from dead_mount import NEVER, SlowMount
from example_workspace import WORKSPACE
from waiting import wait_until

from forgather_units.files.lookups import Lookups, directly
from forgather_units.projects import tree
from forgather_units.projects.catalog import Catalog
from forgather_units.projects.tree import Tree


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[SlowMount]:
    """A mount below a folder with projects, with projects of its own."""
    (tmp_path / "root").mkdir()
    mount = SlowMount(tmp_path / "root")
    shutil.copytree(WORKSPACE, tmp_path / "root/near")
    shutil.copytree(WORKSPACE, mount.source / "far")
    with mount.mounted(dead_mount.build(tmp_path)):
        yield mount


@pytest.fixture
def lookups() -> Iterator[Lookups]:
    lookups = Lookups(("forgather_units.projects.tree",))
    yield lookups
    lookups.close()


def _listed(catalog: Catalog, root: Path) -> set[str]:
    """List in a thread, so that a hang does not block the test."""
    with ThreadPoolExecutor(1) as thread:
        found = thread.submit(catalog.projects, [str(root)]).result(120)
    return {str(Path(each.project_dir).parent.relative_to(root)) for each in found if each.configs}


def test_a_dead_mount_below_a_root_is_left_out(lookups: Lookups, mount: SlowMount, tmp_path: Path) -> None:
    catalog, root = Catalog(look=lookups.ask), tmp_path / "root"
    assert _listed(catalog, root) == {"near", "source/far", "mount/far"}
    mount.answer_after(NEVER)
    assert _listed(catalog, root) == {"near", "source/far"}
    wait_until(lambda: lookups.stuck() == {str(mount.point): 2})


def test_the_stamps_of_files_on_a_dead_mount_are_unknown(lookups: Lookups, mount: SlowMount) -> None:
    far, near = str(mount.point / "far/dialect/meta.yaml"), str(mount.source / "far/dialect/meta.yaml")
    looked_up_tree = Tree(lookups.ask)
    before, _ = looked_up_tree.stamps([far, near])
    assert before
    mount.answer_after(NEVER)
    assert looked_up_tree.stamps([far, near, f"{near}.none"])[0] is False
    assert looked_up_tree.stamps([far, near, f"{near}.none"])[1:] == Tree(directly).stamps([near, f"{near}.none"])
    assert looked_up_tree.names([str(mount.point), str(mount.source / "far/small")], ".yaml")[0] == []


def test_look_ups_in_pieces_give_the_same_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(WORKSPACE, tmp_path / "a")
    shutil.copytree(WORKSPACE, tmp_path / "b")
    whole = Tree(directly)
    dirs = whole.project_dirs([str(tmp_path)])
    tops = [f"{each}/templates" for each in dirs]
    files = [f"{each}/meta.yaml" for each in dirs]
    answers = [dirs, whole.workspace_roots(dirs), whole.names(tops, ".yaml"), whole.stamps(files)]
    monkeypatch.setattr(tree, "PIECE", -1.0)
    again = Tree(directly)
    pieces = [again.project_dirs([str(tmp_path)]), again.workspace_roots(dirs), again.names(tops, ".yaml")]
    assert [*pieces, again.stamps(files)] == answers
    assert len(dirs) == 4


def test_too_many_configs_are_an_error_of_their_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(WORKSPACE, tmp_path / "a")
    monkeypatch.setattr(tree, "MOST_SECONDS_OF_NAMES", -1.0)
    errors = [project.error for project in Catalog().projects([str(tmp_path)])]
    assert len(errors) == 2 and all(each and "too much to be searched" in each for each in errors)
