"""Folders for a person to choose from, and no further than they may look."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused

_MOST_ENTRIES: Final = 2000


@dataclass(frozen=True, slots=True)
class Entry:
    name: str
    path: str
    is_dir: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """`parent` is None at a root."""

    path: str
    parent: str | None
    entries: tuple[Entry, ...]


def list_folder(path: str, roots: Sequence[str], *, files: tuple[str, ...] = ()) -> Listing:
    """The folders in `path`, and the files whose names end so. Raises Refused (field `path`).

    Neither `..` nor a link leads out of the roots: what counts is where a path really ends.
    """
    if not Path(path).is_absolute() or "\0" in path:
        raise Refused(f"{path!r} is not an absolute path", field="path")
    real = os.path.realpath(path)
    root = next((root for root in roots if _is_within(real, root)), None)
    if root is None:
        raise Refused(f"{path} lies outside the folders that may be looked at (setting browse_roots)", field="path")
    try:
        with os.scandir(real) as found:
            entries = [entry for entry in (_entry(each, roots, files) for each in found) if entry][:_MOST_ENTRIES]
    except OSError as why:
        raise Refused(f"{path} cannot be read: {why.strerror}", field="path") from None
    entries.sort(key=lambda entry: (not entry.is_dir, entry.name.startswith("."), entry.name.lower()))
    parent = str(Path(real).parent)
    above = parent if any(_is_within(parent, each) for each in roots) and parent != real else None
    return Listing(real, above, tuple(entries))


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
