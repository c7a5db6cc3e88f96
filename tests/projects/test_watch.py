"""Listeners are notified of changes in projects, but not of runs that are being written."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from waiting import wait_until

from forgather_units.folders.watch import Watch
from forgather_units.projects.library import Library, may_change_a_config
from forgather_units.projects.search_roots import SearchRoots


class Notifications:
    """Counts the notifications."""

    def __init__(self) -> None:
        self.times = 0

    def count(self) -> None:
        self.times += 1

    def expect(self, what: str, change: Callable[[], object]) -> None:
        before = self.times
        change()
        wait_until(lambda: self.times > before, what=what)


@pytest.fixture
def notifications() -> Notifications:
    return Notifications()


@pytest.fixture
def library(workspace: Path, tmp_path: Path, notifications: Notifications) -> Iterator[Library]:
    library = Library(SearchRoots([str(workspace)], tmp_path / "roots.json"), None, notifications.count)
    with library.open():
        wait_until(lambda: library.watched is not None)
        yield library


def test_changes_of_configs_are_notified(workspace: Path, library: Library, notifications: Notifications) -> None:
    config = workspace / "dialect/templates/configs/plain.yaml"
    changes: dict[str, Callable[[], object]] = {
        "an edit": lambda: config.write_text("x: 1\n"),
        "a new config": lambda: (config.with_name("new.yaml")).write_text("x: 1\n"),
        "a deleted config": config.unlink,
        "an editor's rename": lambda: config.with_name("new.yaml").rename(config),
        "a new folder": lambda: (workspace / "later").mkdir(),
        "a project in it": lambda: (workspace / "later/meta.yaml").write_text("name: x\n"),
        "a template of the workspace": lambda: (workspace / "forgather_workspace/x.yaml").touch(),
    }
    for what, change in changes.items():
        notifications.expect(what, change)


def test_runs_and_readers_cause_no_notification(workspace: Path, library: Library) -> None:
    accepted: set[str] = set()

    def recorded(path: str, is_folder: bool) -> bool:
        if may_change_a_config(path, is_folder):
            accepted.add(path)
            return True
        return False

    watch = Watch(lambda: None, recorded)
    watch.on([str(workspace)])
    wait_until(lambda: watch.watched is not None)
    run = workspace / "dialect/output_models/x/runs/log_1"
    run.mkdir(parents=True)
    for number in range(20):
        (run / "trainer_logs.json").write_text(str(number))
        (run / "config.yaml").write_text("x: 1\n")
        library.projects()
    (workspace / "notes.txt").touch()
    # Events arrive in order: once the last one has arrived, all have.
    marker = workspace / "marker.yaml"
    marker.touch()
    wait_until(lambda: str(marker) in accepted)
    watch.stop()
    assert accepted == {str(marker)}


def test_added_and_removed_roots(library: Library, notifications: Notifications, tmp_path: Path) -> None:
    other = tmp_path / "other"
    library.add_root(str(other), create=True)
    assert notifications.times == 1
    wait_until(lambda: str(other) in (library.watched or ()))
    notifications.expect("a project below the new root", lambda: (other / "meta.yaml").write_text("name: x\n"))
    library.remove_root(str(other))
    assert [root.path for root in library.roots()] == [str(tmp_path / "workspace")]


def test_a_missing_root_is_no_error(tmp_path: Path) -> None:
    library = Library(SearchRoots([str(tmp_path / "nowhere")], tmp_path / "roots.json"), None, lambda: None)
    with library.open():
        wait_until(lambda: library.watched is not None)
        assert library.projects() == []
