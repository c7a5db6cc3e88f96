"""Where runs are: folders that hold a trainer_logs.json or event files."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import NotFound, Refused
from forgather_units.runs.log_file import FILE_NAME

_EVENTS: Final = "tfevents"
_NEVER: Final = {"node_modules", "__pycache__", "forgather_workspace"}
# Weights lie beside runs, not above them: nothing of a run is deeper than that.
_DEEPEST: Final = 12
# A config may name any folder as its output's, and nobody waits until all of a disk was looked at.
_MOST_FOLDERS: Final = 20_000


@dataclass(frozen=True, slots=True)
class RunFiles:
    """A run's folder and what there is to read in it: its log, else its event files in their order."""

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


def runs_below(folder: Path) -> list[RunFiles]:
    """All runs in or below it, the one that was last written to first."""
    return sorted(_below(folder), key=lambda run: (-run.modified, str(run.folder)))


def run_at(path: Path) -> RunFiles | None:
    """The run of a log, of an event file, or of a run's folder; None for another folder. Raises NotFound, Refused."""
    if path.is_dir():
        return _run_in(path, [each.name for each in path.iterdir()])
    if not path.exists():
        raise NotFound(f"there is no {path}")
    # A log may have been copied to another name.
    modified = _modified(path)
    if modified is not None and _EVENTS in path.name:
        return RunFiles(path.parent, None, (path,), modified)
    if modified is None or path.suffix != ".json":
        raise Refused(f"{path} is neither a run's folder nor a {FILE_NAME}")
    return RunFiles(path.parent, path, (), modified)


def _below(top: Path) -> Iterator[RunFiles]:
    depth = len(top.parts)
    for folder, folders, files in islice(os.walk(top), _MOST_FOLDERS):
        here = Path(folder)
        too_deep = len(here.parts) - depth >= _DEEPEST
        folders[:] = [] if too_deep else [each for each in folders if each not in _NEVER and not each.startswith(".")]
        if run := _run_in(here, files):
            yield run


def _run_in(folder: Path, names: list[str]) -> RunFiles | None:
    paths = [folder / name for name in sorted(names) if name == FILE_NAME or _EVENTS in name]
    times = {path: modified for path in paths if (modified := _modified(path)) is not None}
    log = next((path for path in times if path.name == FILE_NAME), None)
    events = tuple(path for path in times if path != log)
    return RunFiles(folder, log, events, max(times.values())) if times else None


def _modified(path: Path) -> float | None:
    """None for what is no regular file: whoever opened a pipe would wait for ever."""
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_mtime if stat.S_ISREG(facts.st_mode) else None
