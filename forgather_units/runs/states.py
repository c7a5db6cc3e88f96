"""Progress of runs, for repeated requests: reads only the new part of each log.

Caches records in this process: in a server, the helper that handles requests for the same folder.
"""

from __future__ import annotations

import copy
import math
import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import ForgatherError
from forgather_units.runs.curve import Curve, Point
from forgather_units.runs.find import RunFiles, runs_below
from forgather_units.runs.log_file import LogFile
from forgather_units.runs.record_splitter import Record
from forgather_units.runs.rows import STEP, Row, RowOrder, number
from forgather_units.runs.summary import LOSS

_POINTS: Final = 120
_WINDOW: Final = 512
# A config may have a hundred runs. Of a long log, read samples of this number and size; later records completely.
MOST_BYTES: Final = 4 << 20
_PLACES: Final = 64
BYTES_OF_A_PLACE: Final = 32 << 10
# Those that were asked for last are kept.
_MOST_LOGS: Final = 200
MOST_RUNS: Final = 100


@dataclass(frozen=True, slots=True)
class RunState:
    """Progress of a run. None if its log does not contain the value, or if it has only event files."""

    name: str
    path: str
    """Of the run's folder."""
    modified: float
    """Seconds since the epoch."""
    last_step: int | None
    last_loss: float | None
    curve: list[Point]
    """(step, loss), at most some 120 points."""


@dataclass(frozen=True, slots=True)
class RunStates:
    """The newest runs, at most 100, the newest first."""

    runs: list[RunState]
    count: int
    """Of all runs that were found."""
    whole: bool
    """Whether all folders were looked through: else `count` is a lower bound."""


def states_below(folder: str) -> RunStates:
    """The runs in or below `folder`; none where there is no such folder."""
    found = runs_below(Path(folder))
    return RunStates([_state(run) for run in found.runs[:MOST_RUNS]], len(found.runs), found.whole)


def _state(run: RunFiles) -> RunState:
    step, loss, curve = _LOGS.at(run.log).look() if run.log else (None, None, [])
    return RunState(run.name, str(run.folder), run.modified, step, loss, curve)


class _Logs:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._logs: OrderedDict[Path, _Followed] = OrderedDict()

    def at(self, log: Path) -> _Followed:
        with self._lock:
            followed = self._logs.setdefault(log, _Followed(log))
            self._logs.move_to_end(log)
            while len(self._logs) > _MOST_LOGS:
                self._logs.popitem(last=False)
            return followed


_LOGS: Final = _Logs()


class _Followed:
    """One log, kept as its curve and its newest rows."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._path = path
        self._begin()

    def _begin(self) -> None:
        self._log = LogFile(self._path)
        self._order = RowOrder(_WINDOW)
        self._curve = Curve(_POINTS)

    def look(self) -> tuple[int | None, float | None, list[Point]]:
        """The last step, the last finite loss and the curve, from the present log."""
        with self._lock:
            try:
                self._read()
            except ForgatherError:
                # The log may be gone or unreadable: show the rest.
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
        if self._log.unread > MOST_BYTES:
            for records in self._log.sample(_PLACES, BYTES_OF_A_PLACE):
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
