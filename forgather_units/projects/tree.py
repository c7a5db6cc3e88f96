"""What the catalog asks the file system, in pieces that end soon: a helper process of the server answers each of them.

Helpers cache folder listings in memory. After an unresponsive file system has hung two helpers, the requests to helpers
name it, and they skip it.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Final, Literal, TypeVar

from forgather_units.domain.errors import Unavailable
from forgather_units.files import mount_walk
from forgather_units.files.lookups import Ask
from forgather_units.files.slots import DoesNotAnswer
from forgather_units.folders.expected import META
from forgather_units.projects.folders import MOST_FOLDERS, Folders, pruned, workspace_root
from forgather_units.projects.outcome import Stamp

log = logging.getLogger(__name__)

# Seconds. One more folder may be read after that, and the whole must stay below the limit of a look-up.
PIECE: Final = 0.5
MOST_SECONDS_OF_NAMES: Final = 1.0
_MOST_AT_ONCE: Final = 20_000
# Two helpers may hang in one file system; the third try skips it.
_ATTEMPTS: Final = 3
_FOLDERS: Final = Folders()

Unknown = Literal[False]
"""Of a file whose file system does not answer."""
Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Tree:
    """For any number of threads. Each method raises Unavailable."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    def is_project(self, folder: str) -> bool:
        return self._ask(folder, os.path.isfile, os.path.join(folder, META))

    def project_dirs(self, roots: Iterable[str]) -> list[str]:
        """The folders with a meta.yaml in or below `roots` whose file systems answer, each once, in order."""
        found: dict[str, None] = {}
        for root in map(os.path.abspath, roots):
            try:
                found |= dict.fromkeys(self._below(root))
            except Unavailable as why:
                log.warning("no projects are listed in %s: %s", root, why.message)
        return sorted(found)

    def workspace_roots(self, project_dirs: Sequence[str]) -> list[str | None]:
        """See folders.workspace_root, for each."""
        return self._each(_workspace_roots, project_dirs)

    def names(self, tops: Sequence[str], suffix: str) -> list[list[str] | None]:
        """See Folders.names, for each, within a second; nothing of one in a file system that does not answer."""
        return self._each(_names, tops, suffix)

    def stamps(self, paths: Sequence[str]) -> list[Stamp | Unknown | None]:
        """Of each file; None where there is none."""
        return [Stamp(*each) if isinstance(each, tuple) else each for each in self._each(_stamps, paths)]

    def _below(self, root: str) -> list[str]:
        found: list[str] = []
        below, seen = [root], 0
        while below and seen < MOST_FOLDERS:
            some, below, number = self._attempted(root, _walk, below, MOST_FOLDERS - seen)
            found += some
            seen += number
        return found

    def _each(self, function: Callable[..., list[Answer]], items: Sequence[Item], *args: object) -> list[Answer]:
        """`function` answers the first ones of a list, as many as it can within a piece."""
        answers: list[Answer] = []
        while len(answers) < len(items):
            answers += self._attempted("/", function, items[len(answers) : len(answers) + _MOST_AT_ONCE], *args)
        return answers

    def _attempted(self, path: str, function: Callable[..., Answer], *args: object) -> Answer:
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._ask(path, function, *args)
            except DoesNotAnswer:
                continue
        return self._ask(path, function, *args)


def _walk(below: Sequence[str], most: int) -> tuple[list[str], list[str], int]:
    """The folders with a meta.yaml among the first ones below, the folders that are left, and how many were seen."""
    found: list[str] = []
    left, seen, until = list(below), 0, _end_of_piece()
    while left and seen < most and (not seen or time.monotonic() < until):
        path = left.pop()
        seen += 1
        if not _may_look(mount_walk.stay, path):
            continue
        listing = _FOLDERS.at(path)
        if META in listing.files:
            found.append(path)
        left += [os.path.join(path, name) for name in reversed(listing.folders) if not pruned(name)]
    return found, left, seen


def _workspace_roots(project_dirs: Sequence[str]) -> list[str | None]:
    found: list[str | None] = []
    until = _end_of_piece()
    for each in project_dirs:
        found.append(workspace_root(each) if _may_look(mount_walk.stay, each) else None)
        if time.monotonic() > until:
            break
    return found


def _names(tops: Sequence[str], suffix: str) -> list[list[str] | None]:
    found: list[list[str] | None] = []
    ways, until = mount_walk.MountWalks(), _end_of_piece()
    for top in tops:
        found.append(_FOLDERS.names(top, suffix, MOST_SECONDS_OF_NAMES) if _may_look(ways.enter, top) else [])
        if time.monotonic() > until:
            break
    return found


def _stamps(paths: Sequence[str]) -> list[tuple[int, int, int] | Unknown | None]:
    """The fields of each Stamp: tuples are sent faster."""
    found: list[tuple[int, int, int] | Unknown | None] = []
    may_look: dict[str, bool] = {}
    ways, until = mount_walk.MountWalks(), _end_of_piece()
    for path in paths:
        folder = os.path.dirname(path)
        if folder not in may_look:
            may_look[folder] = _may_look(ways.enter, folder)
        found.append(_stamp(path) if may_look[folder] else False)
        if time.monotonic() > until:
            break
    return found


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        facts = os.stat(path)
    except OSError:
        return None
    return facts.st_mtime_ns, facts.st_size, facts.st_ino


def _end_of_piece() -> float:
    return time.monotonic() + PIECE


def _may_look(announce: Callable[[str], None], path: str) -> bool:
    try:
        announce(path)
    except TimeoutError:
        return False
    return True
