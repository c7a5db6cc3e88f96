"""A client with a version of the listing gets the changes since then, and all clients share one search."""

from __future__ import annotations

from dataclasses import replace

import pytest

from forgather_units.projects.feed import ProjectFeed
from forgather_units.projects.project import Project


class Shelf:
    """The projects, and the number of searches."""

    def __init__(self) -> None:
        self.projects = [Project(f"/p/{number}", f"Project {number}") for number in range(5)]
        self.searches = 0

    def search(self) -> list[Project]:
        self.searches += 1
        return list(self.projects)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def feed(shelf: Shelf) -> ProjectFeed:
    return ProjectFeed(shelf.search, trusted=1e9)


def test_after_the_full_list_come_only_changes(shelf: Shelf, feed: ProjectFeed) -> None:
    first = feed.update()
    assert (first.since, list(first.projects)) == (None, shelf.projects)
    shelf.projects[1] = replace(shelf.projects[1], name="Other")
    removed = shelf.projects.pop(0)
    added = Project("/p/9", "New")
    shelf.projects.append(added)
    feed.touch()
    second = feed.update(first.version)
    assert (second.since, second.removed) == (first.version, [removed.project_dir])
    assert list(second.projects) == [shelf.projects[0], added]
    assert feed.update(second.version).projects == []
    shelf.projects.append(removed)
    feed.touch()
    assert feed.update(second.version).projects == [removed]
    again = feed.update(first.version)
    assert (sorted(each.project_dir for each in again.projects), again.removed) == (["/p/0", "/p/1", "/p/9"], [])


def test_clients_share_a_search(shelf: Shelf, feed: ProjectFeed) -> None:
    version = feed.update().version
    assert shelf.searches == 1
    feed.touch()
    for _ in range(20):
        feed.update(version)
    assert shelf.searches == 2
    feed.update()
    assert shelf.searches == 3, "a client without a version gets the whole list"


def test_a_change_during_a_search_causes_another_search() -> None:
    projects = [Project("/p/0", "Before")]

    def search() -> list[Project]:
        found = list(projects)
        if found[0].name == "Before":
            projects[0] = Project("/p/0", "After")
            followed.touch()
        return found

    followed = ProjectFeed(search, trusted=1e9)
    first = followed.update()
    assert first.projects == [Project("/p/0", "Before")]
    assert followed.update(first.version).projects == [Project("/p/0", "After")]


def test_a_tree_without_events_is_searched_each_time(shelf: Shelf) -> None:
    feed = ProjectFeed(shelf.search, trusted=-1.0)
    version = feed.update().version
    shelf.projects.pop()
    assert feed.update(version).removed == ["/p/4"]


@pytest.mark.parametrize(
    "version", ["", "x", "0-0", "{run}-99", "{run}--1", "{run}-x", "{run}-\u0663", "{run}-" + "9" * 400]
)
def test_an_unknown_version_gets_the_full_list(shelf: Shelf, feed: ProjectFeed, version: str) -> None:
    run = feed.update().version.partition("-")[0]
    update = feed.update(version.format(run=run))
    assert (update.since, len(update.projects)) == (None, 5)


def test_the_number_of_remembered_removals_is_limited(shelf: Shelf) -> None:
    feed = ProjectFeed(shelf.search, trusted=1e9, most_removed=2)
    first = feed.update().version
    shelf.projects = shelf.projects[:3]
    feed.touch()
    second = feed.update(first)
    assert len(second.removed) == 2
    shelf.projects = shelf.projects[:1]
    feed.touch()
    assert feed.update(first).since is None
    third = feed.update(second.version)
    assert (third.since, len(third.projects)) == (None, 1)
