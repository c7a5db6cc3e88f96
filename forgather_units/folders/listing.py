"""Folder listings for the file picker, restricted to the browse roots."""

from __future__ import annotations

import heapq
import itertools
import os
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.files import mount_walk

_MOST_SHOWN: Final = 2000
# A folder of a million entries takes a second to read.
_MOST_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    path: str
    is_dir: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """`parent` is None at a root; `entries` are the first of `total` in their order."""

    path: str
    parent: str | None
    entries: tuple[Entry, ...]
    total: int
    complete: bool
    """False where the folder was too large to be read to its end: `total` is a lower bound."""

    def without_hidden(self) -> Listing:
        """Without the entries whose names begin with a dot. `total` counts what is left of those that are shown."""
        shown = tuple(entry for entry in self.entries if not entry.name.startswith("."))
        return replace(self, entries=shown, total=self.total - (len(self.entries) - len(shown)))


def browse_folder(path: str, roots: Sequence[str], files: tuple[str, ...], contains: str) -> tuple[Listing, list[str]]:
    """`list_folder` of `path` (empty: of the first root), and the real paths of the roots, which may begin with `~`.

    A root whose file system does not answer is left out. Raises Refused.
    """
    found = list(dict.fromkeys(filter(None, map(real_root, roots))))
    if not found:
        raise Refused("no folder may be listed (setting browse_roots)", field="path")
    return list_folder(path or found[0], found, files=files, contains=contains), found


@dataclass(frozen=True, slots=True)
class QuickPath:
    """A folder where a picker may begin."""

    label: str
    path: str


def quick_paths_of(roots: Sequence[str]) -> list[QuickPath]:
    """The roots whose file systems answer and that are folders, by their names."""
    home = os.path.realpath(os.path.expanduser("~"))  # noqa: PTH111 - as in real_root
    found = dict.fromkeys(filter(None, map(real_root, roots)))
    return [
        QuickPath("Home" if path == home else Path(path).name or path, path) for path in found if Path(path).is_dir()
    ]


def existence(path: str, roots: Sequence[str]) -> tuple[bool, bool]:
    """Whether a path below the roots exists, and is a folder. Raises Refused for other paths."""
    real = _below(path, list(filter(None, map(real_root, roots))))
    return Path(real).exists(), Path(real).is_dir()


_MOST_COMPLETIONS: Final = 20


@dataclass(frozen=True, slots=True)
class Completions:
    """The paths that a typed one may continue to, and the home for `~`."""

    paths: tuple[str, ...]
    home: str


def complete_path(typed: str, roots: Sequence[str], files: tuple[str, ...]) -> Completions:
    """The folders below the roots, and the files whose names end so, that begin with `typed`; none if it is no path.

    Names that begin with a dot need a typed dot. The page asks while a user types, so nothing is an error.
    """
    home = os.path.expanduser("~")  # noqa: PTH111 - as in real_root
    path = home + typed[1:] if typed == "~" or typed.startswith("~/") else typed
    folder, _, name = path.rpartition("/")
    try:
        listing, _ = browse_folder(folder or "/", roots, files, name)
    except Refused:
        return Completions((), home)
    begins = (entry for entry in listing.entries if entry.name.startswith(name))
    shown = (f"{folder}/{entry.name}" for entry in begins if name or not entry.name.startswith("."))
    return Completions(tuple(itertools.islice(shown, _MOST_COMPLETIONS)), home)


def real_root(root: str) -> str | None:
    """The real path of a root, which may begin with `~`; None if its file system does not answer."""
    folder = os.path.expanduser(root)  # noqa: PTH111 - Path's raises for a user that is not there
    try:
        mount_walk.enter(folder)
    except TimeoutError:
        return None
    return os.path.realpath(folder)


def list_folder(path: str, roots: Sequence[str], *, files: tuple[str, ...] = (), contains: str = "") -> Listing:
    """The folders in `path`, and the files whose names end so, folders first, by name; at most _MOST_SHOWN of them.

    Only names with `contains` in them count, whatever their case. Raises Refused (field `path`).

    Neither `..` nor a link leads out of the roots: paths are resolved before the check.
    """
    real = _below(path, roots)
    try:
        with os.scandir(real) as found:
            reading = _Reading(found, contains)
            entries = [entry for each in reading if (entry := _entry(each, roots, files))]
    except OSError as why:
        raise Refused(f"{path} cannot be read: {why.strerror}", field="path") from None
    first = heapq.nsmallest(_MOST_SHOWN, entries, key=_order)
    parent = str(Path(real).parent)
    above = parent if any(_is_within(parent, each) for each in roots) and parent != real else None
    return Listing(real, above, tuple(first), len(entries), reading.complete)


def _below(path: str, roots: Sequence[str]) -> str:
    """The real path, which must be below one of the roots. Raises Refused."""
    if not Path(path).is_absolute() or "\0" in path:
        raise Refused(f"{path!r} is not an absolute path", field="path")
    real = os.path.realpath(path)
    if not any(_is_within(real, root) for root in roots):
        raise Refused(f"{path} is outside the folders that may be listed (setting browse_roots)", field="path")
    return real


class _Reading:
    """The entries whose names contain a text, up to a time limit."""

    def __init__(self, found: Iterator[os.DirEntry[str]], contains: str) -> None:
        self._found = found
        self._contains = contains.casefold()
        self.complete = True

    def __iter__(self) -> Iterator[os.DirEntry[str]]:
        deadline = time.monotonic() + _MOST_SECONDS
        for entry in self._found:
            if time.monotonic() > deadline:
                self.complete = False
                return
            if self._contains in entry.name.casefold():
                yield entry


def _order(entry: Entry) -> tuple[bool, bool, str, str]:
    return not entry.is_dir, entry.name.startswith("."), entry.name.lower(), entry.name


def _entry(found: os.DirEntry[str], roots: Sequence[str], files: tuple[str, ...]) -> Entry | None:
    try:
        is_dir = found.is_dir()
        if not is_dir and not (files and found.name.endswith(files) and found.is_file()):
            return None
        if found.is_symlink() and not any(_is_within(os.path.realpath(found.path), root) for root in roots):
            return None
    except OSError:
        return None
    return Entry(found.name, found.path, is_dir)


def _is_within(real: str, root: str) -> bool:
    return Path(real).is_relative_to(os.path.realpath(root))
