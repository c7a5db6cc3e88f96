"""Folders listed, and listed again only when they have changed: a look at one that has not is one stat."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

META: Final = "meta.yaml"
WORKSPACE: Final = "forgather_workspace"
_PRUNED: Final = frozenset({WORKSPACE, "output_models", "node_modules", "__pycache__"})
# A search root that is the root of everything must not keep a listing busy for minutes.
MOST_FOLDERS: Final = 100_000
# File systems count time in steps of some milliseconds: what changed just now may change again within the same step.
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
        """What lies in `path`: nothing, where it cannot be read."""
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

    def project_dirs(self, roots: Iterable[str]) -> list[str]:
        """The folders with a meta.yaml in or below `roots`, each once, in order."""
        found: dict[str, None] = {}
        for root in roots:
            for number, (path, listing) in enumerate(self._walk(os.path.abspath(root), pruned)):
                if META in listing.files:
                    found[path] = None
                if number >= MOST_FOLDERS:
                    break
        return sorted(found)

    def names(self, top: str, suffix: str) -> list[str]:
        """Relative names (with `/`) of the files with `suffix` below `top`, hidden folders left out."""
        cut = len(top.rstrip("/")) + 1
        return [
            f"{path}/{name}"[cut:]
            for path, listing in self._walk(top, lambda name: name.startswith("."))
            for name in sorted(listing.files)
            if name.endswith(suffix)
        ]

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
