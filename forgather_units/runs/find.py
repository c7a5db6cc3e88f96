"""Where runs are: folders that hold a trainer_logs.json or event files."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import NotFound, Refused
from forgather_units.files import mount_walk
from forgather_units.runs.log_file import FILE_NAME

_EVENTS: Final = "tfevents"
_NEVER: Final = {"node_modules", "__pycache__", "forgather_workspace"}
# Weights are stored next to runs, not above them: no run is deeper.
_DEEPEST: Final = 12
# A config may name any folder as its output folder: limit the search.
MOST_FOLDERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A run's folder and its files: the log, else the event files in order."""

    folder: Path
    log: Path | None
    events: tuple[Path, ...]
    modified: float
    """Of the newest of its files, in seconds since the epoch."""

    @property
    def name(self) -> str:
        """`model/run` where it lies in a model's `runs` folder, else the folder's own."""
        parent = self.folder.parent
        return f"{parent.parent.name}/{self.folder.name}" if parent.name == "runs" else self.folder.name


@dataclass(frozen=True, slots=True)
class Found:
    """Runs, most recently written first; not `whole` if the search reached its limit."""

    runs: list[RunFiles]
    whole: bool = True
    unreadable: tuple[Path, ...] = ()
    """Folders that this account may not read."""


def runs_below(folder: Path, most_folders: int = MOST_FOLDERS) -> Found:
    """The runs in or below it; none if it does not exist."""
    unreadable: list[Path] = []

    def note(why: OSError) -> None:
        # A folder that was removed meanwhile holds no run.
        if not isinstance(why, FileNotFoundError):
            unreadable.append(Path(why.filename))

    walk = _walk(folder, note)
    runs = [run for here, files in islice(walk, most_folders) if (run := _run_in(here, files))]
    return Found(
        sorted(runs, key=lambda run: (-run.modified, str(run.folder))), next(walk, None) is None, tuple(unreadable)
    )


def run_at(path: Path) -> RunFiles | None:
    """The run of a log, of an event file, or of a run's folder; None for another folder. Raises NotFound, Refused."""
    try:
        if stat.S_ISDIR(path.stat().st_mode):
            return _run_in(path, [each.name for each in path.iterdir()])
    except OSError as why:
        raise _refusal(path, why) from None
    # A log may have been copied to another name.
    modified = _modified(path)
    if modified is not None and _EVENTS in path.name:
        return RunFiles(path.parent, None, (path,), modified)
    if modified is None or path.suffix != ".json":
        raise Refused(f"{path} is neither a run's folder nor a {FILE_NAME}")
    return RunFiles(path.parent, path, (), modified)


def _refusal(path: Path, why: OSError) -> NotFound | Refused:
    if isinstance(why, FileNotFoundError):
        return NotFound(f"there is no {path}")
    return Refused(f"{path} cannot be read: {why.strerror}")


def _walk(top: Path, onerror: Callable[[OSError], None]) -> Iterator[tuple[Path, list[str]]]:
    depth = len(top.parts)
    for folder, folders, files in os.walk(top, onerror=onerror):
        here = Path(folder)
        too_deep = len(here.parts) - depth >= _DEEPEST
        folders[:] = [] if too_deep else [each for each in folders if _may_hold_runs(folder, each)]
        yield here, files


def _may_hold_runs(folder: str, name: str) -> bool:
    if name in _NEVER or name.startswith("."):
        return False
    try:
        mount_walk.cross(f"{folder}/{name}")
    except TimeoutError:
        return False
    return True


def _run_in(folder: Path, names: list[str]) -> RunFiles | None:
    paths = [folder / name for name in sorted(names) if name == FILE_NAME or _EVENTS in name]
    times = {path: modified for path in paths if (modified := _modified(path)) is not None}
    log = next((path for path in times if path.name == FILE_NAME), None)
    events = tuple(path for path in times if path != log)
    return RunFiles(folder, log, events, max(times.values())) if times else None


def _modified(path: Path) -> float | None:
    """None if it is not a regular file."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime if stat.S_ISREG(facts.st_mode) else None
