"""Links out of a logdir: finds the targets that a viewer confined to the logdir must see too.

TensorBoard follows links, so a logdir may consist of them. Only run folders and event files are made visible: a link
to a home folder, to /proc or to / must not open it. Every target becomes a bind mount of the unit, and systemd takes
milliseconds for each at every wake, so their number is limited.
"""

from __future__ import annotations

import os
import stat
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from forgather_units.domain.text import unicode_problem
from forgather_units.files import mount_walk
from forgather_units.folders.reserved import holds_server_files

EVENT_FILE_MARK: Final = "tfevents"

# Maximum depth of a run below the target of a link.
_LEVELS: Final = 4
_MOST_ENTRIES_OF_TARGET: Final = 20_000
MOST_BINDS: Final = 64
# Up to this many targets with one parent are bound one by one; beyond it the parent is bound.
_FEW: Final = 8
_NEVER: Final = ("/proc", "/sys", "/dev")
# Memory that is used like a disk.
_EXCEPT: Final = "/dev/shm"  # noqa: S108 - a place that is read, not written


@dataclass(slots=True)
class Budget:
    """Limit on what one search may read: a giant or slow tree must not delay a submission."""

    entries: int
    seconds: float
    exhausted: bool = False
    _deadline: float = field(init=False)

    def __post_init__(self) -> None:
        self._deadline = time.monotonic() + self.seconds

    def spend(self) -> bool:
        """Pay for one directory entry; False once there is nothing left."""
        self.entries -= 1
        if self.entries < 0 or time.monotonic() > self._deadline:
            self.exhausted = True
        return not self.exhausted

    def part(self, entries: int) -> Budget:
        """Another budget of `entries`, with the same deadline."""
        return Budget(entries, max(0.0, self._deadline - time.monotonic()))


@dataclass(frozen=True, slots=True)
class Links:
    """The outcome for the links out of a logdir."""

    binds: tuple[str, ...]
    """Real paths of folders and files that the viewer must see, at most MOST_BINDS."""
    followed: int
    """Links whose targets are visible through `binds`."""
    skipped: tuple[tuple[str, str], ...]
    """Each other link's path and the reason, a phrase: `leads to /proc, which ...`."""
    whole: bool
    """Whether every link's target was looked through."""


def follow_links(logdir: Path, links: Iterable[str], budget: Budget) -> Links:
    """Where `links` in `logdir` (a real path) lead. Those that stay inside it or lead nowhere are left out."""
    look = _Look(logdir, budget)
    for link in links:
        look.add(link)
    return look.result()


class _Look:
    """Uses strings for paths, to inspect thousands of links within a fraction of a second."""

    def __init__(self, logdir: Path, budget: Budget) -> None:
        self._logdir = str(logdir)
        self._budget = budget
        self._closed = {"/", *map(str, logdir.parents), *_home_and_above()}
        # Several links may lead to one target, and many into one folder.
        self._outcomes: dict[str, tuple[str, ...] | str] = {}
        self._real_folders: dict[str, str] = {}
        self._children: Counter[str] = Counter()
        self._parents: set[str] = set()
        """Folders that hold runs and nothing else, and take the place of their children."""
        self._binds: dict[str, tuple[str, ...]] = {}
        self._skipped: dict[str, str] = {}
        self._whole = True

    def add(self, link: str) -> None:
        if not self._budget.spend():
            self._whole = False
            self._skipped[link] = "was not inspected: the file system is too slow, or there are too many links"
            return
        try:
            mount_walk.enter(link)
        except TimeoutError:
            self._whole = False
            self._skipped[link] = "leads to a file system that does not answer"
            return
        target = self._target_of(link)
        if target is None or _is_in(target, self._logdir):
            return
        if target not in self._outcomes:
            self._outcomes[target] = (target,) if self._is_run_of_many(target) else self._binds_of(target)
        match self._outcomes[target]:
            case str(reason):
                self._skipped[link] = f"leads to {printable(target)}, {reason}"
            case binds:
                self._binds[link] = binds

    def result(self) -> Links:
        chosen: dict[str, None] = {}
        followed, skipped = 0, dict(self._skipped)
        for link, binds in self._binds.items():
            parents = {bind: os.path.dirname(bind) for bind in binds}  # noqa: PTH120
            needed = {parent if parent in self._parents else bind: None for bind, parent in parents.items()}
            if len(chosen | needed) > MOST_BINDS:
                skipped[link] = f"is one too many: links out of a logdir are followed to {MOST_BINDS} places"
                continue
            chosen |= needed
            followed += 1
        return Links(_outermost(chosen), followed, tuple(skipped.items()), self._whole)

    def _target_of(self, link: str) -> str | None:
        """Its real path; None where it leads nowhere. The folder of the targets is resolved once for all of them."""
        try:
            folder, name = os.path.split(os.path.join(os.path.dirname(link), os.readlink(link)))  # noqa: PTH115, PTH118, PTH120
            if name in ("", ".", ".."):
                return os.path.realpath(link, strict=True)
            if folder not in self._real_folders:
                self._real_folders[folder] = os.path.realpath(folder, strict=True)
            target = os.path.join(self._real_folders[folder], name)  # noqa: PTH118
            is_link = stat.S_ISLNK(os.lstat(target).st_mode)
            return os.path.realpath(target, strict=True) if is_link else target
        except OSError:
            return None

    def _is_run_of_many(self, target: str) -> bool:
        """Whether it is one of many targets in a folder that holds runs and nothing else."""
        parent = os.path.dirname(target)  # noqa: PTH120
        self._children[parent] += 1
        if self._children[parent] == _FEW + 1 and self._is_open(parent) and self._holds_runs_only(parent):
            self._parents.add(parent)
        return parent in self._parents

    def _binds_of(self, target: str) -> tuple[str, ...] | str:
        """The paths to bind for a target, or the reason why there are none."""
        if target in self._closed:
            return "which holds more than runs"
        if any(_is_in(target, folder) for folder in _NEVER) and not _is_in(target, _EXCEPT):
            return "which is no place for runs"
        if holds_server_files(target):
            return "which is a Forgather server's own"
        if not _is_bindable(target):
            return "whose name is not UTF-8 or has control characters"
        part = self._budget.part(_MOST_ENTRIES_OF_TARGET)
        try:
            if not stat.S_ISDIR(os.stat(target).st_mode):  # noqa: PTH116
                return (target,) if EVENT_FILE_MARK in os.path.basename(target) else "which is not an event file"  # noqa: PTH119
            found, _ = _runs_in(target, _LEVELS, part)
        except OSError as why:
            return f"which cannot be read ({why.strerror})"
        if found := [each for each in found if self._is_open(each)]:
            return tuple(found)
        self._whole = self._whole and not part.exhausted
        return "which holds too much to be searched for event files" if part.exhausted else "which holds no event files"

    def _is_open(self, folder: str) -> bool:
        return folder not in self._closed and _is_bindable(folder) and not holds_server_files(folder)

    def _holds_runs_only(self, folder: str) -> bool:
        try:
            with os.scandir(folder) as entries:
                if any(holds_server_files(entry.path) for entry in entries):
                    return False
            return _runs_in(folder, 1, self._budget.part(_MOST_ENTRIES_OF_TARGET)) == ([folder], True)
        except OSError:
            return False


def _runs_in(folder: str, levels: int, budget: Budget) -> tuple[list[str], bool]:
    """The outermost folders that are runs or hold nothing but runs; whether `folder` holds nothing else.

    Raises OSError where `folder` cannot be read.
    """
    has_events, is_empty, only, folders = False, True, True, list[str]()
    mount_walk.cross(folder)
    with os.scandir(folder) as entries:
        for entry in entries:
            if not budget.spend():
                only = False
                break
            is_empty = False
            if EVENT_FILE_MARK in entry.name and not entry.is_dir(follow_symlinks=False):
                has_events = True
                break
            if entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            else:
                only = False
    if has_events:
        return [folder], True
    found = list[str]()
    for below in folders if levels else ():
        try:
            runs, pure = _runs_in(below, levels - 1, budget)
        except OSError:
            runs, pure = [], False
        found += runs
        only = only and pure
    if found and only:
        return [folder], True
    return found, is_empty


def _home_and_above() -> set[str]:
    home = Path(os.path.realpath(os.path.expanduser("~")))  # noqa: PTH111 - Path.home() raises where there is none
    return {str(home), *map(str, home.parents)}


def _is_in(path: str, folder: str) -> bool:
    """Whether a real path is the folder or below it."""
    return path == folder or path.startswith(folder.rstrip("/") + "/")


def _is_bindable(path: str) -> bool:
    """Whether systemd takes it: D-Bus text is UTF-8, and a transient unit's file has one line for each setting."""
    return not unicode_problem(path) and not any(ord(letter) < 32 or letter == "\x7f" for letter in path)


def _outermost(paths: Iterable[str]) -> tuple[str, ...]:
    """Those that lie in no other one, in their order."""
    all_paths = set(map(Path, paths))
    return tuple(path for path in paths if not all_paths.intersection(Path(path).parents))


def printable(path: str) -> str:
    """A path for use in a sentence: a name may contain a newline or bytes that are not text."""
    return "".join(letter if letter.isprintable() else "?" for letter in path)
