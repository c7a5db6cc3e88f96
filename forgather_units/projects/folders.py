"""Cached folder listings: an unchanged folder costs one stat."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from forgather_units.folders.expected import META

WORKSPACE: Final = "forgather_workspace"
_PRUNED: Final = frozenset({WORKSPACE, "output_models", "node_modules", "__pycache__"})
# Limits the search below a root as large as /.
MOST_FOLDERS: Final = 100_000
# File systems count time in steps of some milliseconds: a file may change twice within one step.
RACY_NS: Final = 50_000_000


@dataclass(frozen=True, slots=True)
class Listing:
    """The names in a folder; links to folders are in `files`, and so are never followed."""

    mtime_ns: int
    inode: int
    folders: tuple[str, ...]
    files: frozenset[str]


_NOTHING: Final = Listing(0, 0, (), frozenset())


def pruned(name: str) -> bool:
    """Whether no project is looked for in a folder of that name."""
    return name.startswith(".") or name in _PRUNED


class Folders:
    """Listings by path, kept as long as the folder's own mtime is the same."""

    def __init__(self) -> None:
        self._known: dict[str, Listing] = {}

    def at(self, path: str) -> Listing:
        """The listing of `path`; empty if it cannot be read."""
        try:
            facts = os.stat(path)
            known = self._known.get(path)
            if known is not None and (known.mtime_ns, known.inode) == (facts.st_mtime_ns, facts.st_ino):
                return known
            listing = _listing(path, facts)
        except OSError:
            self._known.pop(path, None)
            return _NOTHING
        if abs(time.time_ns() - facts.st_mtime_ns) > RACY_NS:
            self._known[path] = listing
        return listing

    def names(self, top: str, suffix: str, seconds: float = math.inf) -> list[str] | None:
        """Relative names (with `/`) of the files with `suffix` below `top`, hidden folders left out.

        None if the search takes longer than the time limit.
        """
        cut = len(top.rstrip("/")) + 1
        found: list[str] = []
        until = time.monotonic() + seconds
        for path, listing in self._walk(top, lambda name: name.startswith(".")):
            if time.monotonic() > until:
                return None
            found += [f"{path}/{name}"[cut:] for name in sorted(listing.files) if name.endswith(suffix)]
        return found

    def _walk(self, top: str, leave_out: Callable[[str], bool]) -> Iterator[tuple[str, Listing]]:
        below = [top]
        while below:
            path = below.pop()
            listing = self.at(path)
            yield path, listing
            below += [os.path.join(path, name) for name in reversed(listing.folders) if not leave_out(name)]


def _listing(path: str, facts: os.stat_result) -> Listing:
    folders: list[str] = []
    files: list[str] = []
    with os.scandir(path) as entries:
        for entry in entries:
            (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
    return Listing(facts.st_mtime_ns, facts.st_ino, tuple(sorted(folders)), frozenset(files))


def enclosing_project(folder: str) -> str | None:
    """The nearest folder, `folder` itself or above it, with a meta.yaml."""
    return _nearest(folder, lambda each: os.path.isfile(os.path.join(each, META)))


def workspace_root(project_dir: str) -> str | None:
    """The nearest folder, `project_dir` itself or above it, that holds a forgather_workspace."""
    return _nearest(project_dir, lambda each: os.path.isdir(os.path.join(each, WORKSPACE)))


def _nearest(folder: str, fits: Callable[[str], bool]) -> str | None:
    folder = os.path.abspath(folder)
    while not fits(folder):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder
