"""Runs that somebody looks at again and again: of each log only what is new is read."""

from __future__ import annotations

import copy
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import ForgatherError
from forgather_units.machine.watch import Watch
from forgather_units.runs.curve import Curve, Point
from forgather_units.runs.find import RunFiles, runs_below
from forgather_units.runs.log_file import FILE_NAME, LogFile
from forgather_units.runs.record_splitter import Record
from forgather_units.runs.rows import STEP, Row, RowOrder, number
from forgather_units.runs.summary import LOSS

_POINTS: Final = 120
_WINDOW: Final = 512
# A config may have a hundred runs. A long log is looked into at so many places of so many bytes; what is written from
# then on is read whole.
_MOST_BYTES: Final = 4 << 20
_PLACES: Final = 64
_EACH: Final = 32 << 10
# Those that were asked for last are kept.
_MOST_LOGS: Final = 200
_MOST_RUNS: Final = 100
# Seconds. A page asks again when something has changed, and from time to time.
_LEASE: Final = 300.0
_GATHER: Final = 1.0


@dataclass(frozen=True, slots=True)
class RunState:
    """How far a run has come. None where its log says nothing of it, or it has event files alone."""

    name: str
    path: str
    """Of the run's folder."""
    modified: float
    """Seconds since the epoch."""
    last_step: int | None
    last_loss: float | None
    curve: list[Point]
    """(step, loss), at most some 120 points."""


class FollowedRuns:
    """For any number of threads. `changed` is called, from another, when a run below a folder that was asked for in the
    last minutes has been written to."""

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._watch = Watch(self._heard, _is_of_a_run, _GATHER)
        self._lock = threading.Lock()
        self._logs: OrderedDict[Path, _Followed] = OrderedDict()
        self._asked: dict[str, float] = {}
        self._watched: set[str] = set()

    @contextmanager
    def open(self) -> Iterator[None]:
        """Changes are heard of inside the `with`."""
        try:
            yield
        finally:
            self._watch.stop()

    def below(self, folder: str) -> list[RunState]:
        """The runs in or below `folder`, the newest first; none where there is no such folder."""
        self._lease(folder)
        return [self._state(run) for run in runs_below(Path(folder))[:_MOST_RUNS]]

    def _state(self, run: RunFiles) -> RunState:
        step, loss, curve = self._followed(run.log).look() if run.log else (None, None, [])
        return RunState(run.name, str(run.folder), run.modified, step, loss, curve)

    def _followed(self, log: Path) -> _Followed:
        with self._lock:
            followed = self._logs.setdefault(log, _Followed(log))
            self._logs.move_to_end(log)
            while len(self._logs) > _MOST_LOGS:
                self._logs.popitem(last=False)
            return followed

    def _lease(self, folder: str) -> None:
        with self._lock:
            self._asked = {**self._still_asked_for(), folder: time.monotonic()}
        self._watch_what_is_there()

    def _watch_what_is_there(self) -> None:
        """A config's folder is there when its first run begins: until then the nearest one above it is watched."""
        with self._lock:
            wanted = {_nearest(folder) for folder in self._asked}
            changed, self._watched = wanted != self._watched, wanted
        if changed:
            self._watch.on(wanted)

    def _still_asked_for(self) -> dict[str, float]:
        oldest = time.monotonic() - _LEASE
        return {folder: asked for folder, asked in self._asked.items() if asked >= oldest}

    def _heard(self) -> None:
        with self._lock:
            self._asked = self._still_asked_for()
            anybody = bool(self._asked)
        self._watch_what_is_there()
        if anybody:
            self._changed()


class _Followed:
    """One log: what was read of it is kept as its curve and its newest rows."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        self._begin()

    def _begin(self) -> None:
        self._log = LogFile(self._path)
        self._order = RowOrder(_WINDOW)
        self._curve = Curve(_POINTS)

    def look(self) -> tuple[int | None, float | None, list[Point]]:
        """The last step, the last loss (of what is finite) and the curve, as the log says by now."""
        with self._lock:
            try:
                self._read()
            except ForgatherError:
                # It may be gone, or not ours to read: what there is besides is shown all the same.
                return None, None, []
            curve = copy.deepcopy(self._curve)
            waiting = self._order.waiting()
            _draw(curve, waiting)
            step = max((int(row[STEP]) for row in waiting), default=None)
            losses = [loss for row in waiting if (loss := number(row.get(LOSS))) is not None and math.isfinite(loss)]
            return step, losses[-1] if losses else None, curve.points()

    def _read(self) -> None:
        if self._log.is_another():
            self._begin()
        if self._log.unread > _MOST_BYTES:
            for records in self._log.sample(_PLACES, _EACH):
                self._add(records)
        for records in self._log.read():
            self._add(records)

    def _add(self, records: Iterable[Record]) -> None:
        # A record of hundreds of figures is not kept for its loss.
        _draw(
            self._curve,
            self._order.add({name: each[name] for name in (STEP, LOSS) if name in each} for each in records),
        )


def _draw(curve: Curve, rows: Iterable[Row]) -> None:
    for row in rows:
        if (loss := number(row.get(LOSS))) is not None:
            curve.add(row[STEP], loss)


def _nearest(folder: str) -> str:
    """It, or the first above it that is there."""
    path = Path(folder)
    return str(next((each for each in (path, *path.parents) if each.is_dir()), path))


def _is_of_a_run(path: str, is_folder: bool) -> bool:
    return is_folder or path.endswith(FILE_NAME) or "tfevents" in path.rpartition("/")[2]
