"""Merges the records of a run into one row per step, ordered by step."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import Any, Final

from forgather_units.runs.record_splitter import Record

STEP: Final = "global_step"
EPOCH: Final = "epoch"
TIMESTAMP: Final = "timestamp"
# A run that resumes from a checkpoint logs some thousand steps again, not millions.
_WINDOW: Final = 16_384
# Larger numbers are not steps: neither a float nor the page could hold them.
_STEPS: Final = 1 << 53

Row = dict[str, Any]


class RowOrder:
    """Rows leave it in order once `window` later ones are there; until then a later record replaces an earlier one.

    Memory is bounded by `window`. `late` counts records of steps that had left already, `nameless` those without one.
    """

    def __init__(self, window: int = _WINDOW) -> None:
        self._window = window
        self._rows: dict[int, Row] = {}
        self._left = -math.inf
        self.late = 0
        self.nameless = 0

    def add(self, records: Iterable[Record]) -> Iterator[Row]:
        """Take `records`; the rows that can change no more."""
        for record in records:
            step = record.get(STEP)
            if type(step) is not int or not 0 <= step < _STEPS:
                step = _whole(step)
            if step is None:
                self.nameless += 1
            elif step <= self._left:
                self.late += 1
            elif (row := self._rows.get(step)) is None:
                self._rows[step] = record
            else:
                row.update(record)
            if len(self._rows) >= 2 * self._window:
                yield from self._leave()

    def waiting(self) -> list[Row]:
        """The rows that may change yet, in order."""
        return [self._rows[step] for step in sorted(self._rows)]

    def _leave(self) -> Iterator[Row]:
        steps = sorted(self._rows)[: self._window]
        self._left = steps[-1]
        for step in steps:
            yield self._rows.pop(step)


def number(value: object) -> float | None:
    """A number of a record, possibly NaN; None for other values."""
    if type(value) is float:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _whole(value: object) -> int | None:
    step = number(value)
    return int(step) if step is not None and 0 <= step < _STEPS else None
