"""Who listens hears of changes in the projects, and not of runs that are being written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import wait_until

from forgather_units.machine.watch import Watch
from forgather_units.projects import library as projects_library
from forgather_units.projects.library import Library
from forgather_units.projects.search_roots import SearchRoots


class Heard:
    """How often it was said that there is something new."""

    def __init__(self) -> None:
        self.times = 0

    def count(self) -> None:
        self.times += 1

    def of(self, what: str, change: Callable[[], object]) -> None:
        before = self.times
        change()
        wait_until(lambda: self.times > before, what=what)


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
def library(workspace: Path, tmp_path: Path, heard: Heard) -> Iterator[Library]:
    library = Library(SearchRoots([str(workspace)], tmp_path / "roots.json"), None, heard.count)
    with library.open():
        wait_until(lambda: library._watch._observer is not None)
        yield library


def test_changes_are_heard_of(workspace: Path, library: Library, heard: Heard) -> None:
    config = workspace / "dialect/templates/configs/plain.yaml"
    changes: dict[str, Callable[[], object]] = {
        "an edit": lambda: config.write_text("x: 1\n"),
        "a new config": lambda: (config.with_name("new.yaml")).write_text("x: 1\n"),
        "a config that goes": config.unlink,
        "an editor's rename": lambda: config.with_name("new.yaml").rename(config),
        "a new folder": lambda: (workspace / "later").mkdir(),
        "a project in it": lambda: (workspace / "later/meta.yaml").write_text("name: x\n"),
        "a template of the workspace": lambda: (workspace / "forgather_workspace/x.yaml").touch(),
    }
    for what, change in changes.items():
        heard.of(what, change)


def test_runs_and_readers_are_not(workspace: Path, library: Library) -> None:
    accepted: set[str] = set()

    def recorded(path: str, is_folder: bool) -> bool:
        if projects_library._may_change_a_config(path, is_folder):
            accepted.add(path)
            return True
        return False

    watch = Watch(lambda: None, recorded)
    watch.on([str(workspace)])
    wait_until(lambda: watch._observer is not None)
    run = workspace / "dialect/output_models/x/runs/log_1"
    run.mkdir(parents=True)
    for number in range(20):
        (run / "trainer_logs.json").write_text(str(number))
        (run / "config.yaml").write_text("x: 1\n")
        library.projects()
    (workspace / "notes.txt").touch()
    # Events come in their order: once the last one is here, all have been.
    marker = workspace / "marker.yaml"
    marker.touch()
    wait_until(lambda: str(marker) in accepted)
    watch.stop()
    assert accepted == {str(marker)}


def test_roots_come_and_go(library: Library, heard: Heard, tmp_path: Path) -> None:
    other = tmp_path / "other"
    library.add_root(str(other), create=True)
    assert heard.times == 1
    observer = library._watch._observer
    wait_until(lambda: library._watch._observer is not observer)
    heard.of("a project below the new root", lambda: (other / "meta.yaml").write_text("name: x\n"))
    library.remove_root(str(other))
    assert [root.path for root in library.roots()] == [str(tmp_path / "workspace")]


def test_a_root_that_is_not_there_is_no_error(tmp_path: Path) -> None:
    library = Library(SearchRoots([str(tmp_path / "nowhere")], tmp_path / "roots.json"), None, lambda: None)
    with library.open():
        wait_until(lambda: library._watch._observer is not None)
        assert library.projects() == []
