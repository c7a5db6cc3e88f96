"""Versions the listing of projects: a client gets it once completely, then only the changes.

A client sends the version that it has and gets the changes since then. One search of the folders serves all requests
after the same change.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forgather_units.projects.project import Project

# Trees that are too large to be watched, or on a network file system, change without an event: a request after this
# time (seconds) searches them again.
_TRUSTED: Final = 5.0
# Removed projects that are remembered; a client with an older version is given the whole listing.
_MOST_REMOVED: Final = 10_000


@dataclass(frozen=True, slots=True)
class Update:
    """With `since` the projects that were added or changed since that version; without it all of them."""

    version: str
    since: str | None
    projects: Sequence[Project]
    removed: Sequence[str] = ()
    """Folders of projects that are gone."""


class ProjectFeed:
    """Any thread. `look` lists all projects, in the order of their folders."""

    def __init__(
        self,
        look: Callable[[], Sequence[Project]],
        *,
        trusted: float = _TRUSTED,
        most_removed: int = _MOST_REMOVED,
    ) -> None:
        self._look = look
        self._trusted = trusted
        self._most_removed = most_removed
        self._lock = threading.Lock()
        self._run = secrets.token_hex(4)
        """Distinguishes the versions of this process from those of another server."""
        self._touched = 0
        self._looked_after: int | None = None
        self._looked_at = 0.0
        self._number = 0
        self._projects: dict[str, Project] = {}
        self._changed: dict[str, int] = {}
        """The version in which each project last changed."""
        self._removed: dict[str, int] = {}
        self._oldest = 0
        """The oldest version of which all removals are remembered."""

    def touch(self) -> None:
        """Something may have changed: the next request searches again."""
        self._touched += 1

    def update(self, since: str | None = None) -> Update:
        """The changes since that version; for None everything, after a new search. Raises what `look` raises."""
        asked_at = time.monotonic()
        with self._lock:
            if since is None or self._is_old(asked_at):
                touched = self._touched
                began = time.monotonic()
                self._compare({project.project_dir: project for project in self._look()})
                self._looked_after, self._looked_at = touched, began
            known = self._number_of(since)
            if known is None:
                return Update(self._version(), None, list(self._projects.values()))
            changed = [self._projects[each] for each, number in self._changed.items() if number > known]
            removed = [each for each, number in self._removed.items() if number > known]
            return Update(self._version(), since, changed, removed)

    def _is_old(self, asked_at: float) -> bool:
        return self._looked_after != self._touched or asked_at - self._looked_at > self._trusted

    def _compare(self, found: Mapping[str, Project]) -> None:
        number = self._number + 1
        gone = self._projects.keys() - found.keys()
        changed = [each for each, project in found.items() if self._projects.get(each) != project]
        if not gone and not changed:
            return
        self._number = number
        self._projects = dict(found)
        for each in gone:
            del self._changed[each]
            self._removed[each] = number
        for each in changed:
            self._changed[each] = number
            self._removed.pop(each, None)
        if len(self._removed) > self._most_removed:
            self._removed.clear()
            self._oldest = number

    def _version(self) -> str:
        return f"{self._run}-{self._number}"

    def _number_of(self, version: str | None) -> int | None:
        run, _, number = (version or "").partition("-")
        if run != self._run or not number.isascii() or not number.isdigit() or len(number) > 15:
            return None
        return int(number) if self._oldest <= int(number) <= self._number else None
