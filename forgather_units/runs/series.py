"""A run's metrics as curves for a plot: in as many points as a plot can show, however long the log is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from forgather_units.runs.curve import Curve, Point, Smoother
from forgather_units.runs.record_splitter import Record
from forgather_units.runs.rows import EPOCH, STEP, TIMESTAMP, Row, RowOrder, number

_POINTS: Final = 4000
_NO_METRICS: Final = {STEP, EPOCH, TIMESTAMP}


class Axis(StrEnum):
    """The x axis of a curve; time is in seconds since the run's first record."""

    STEP = "step"
    EPOCH = "epoch"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Series:
    """The points of each requested metric, and the names of all metrics."""

    curves: dict[str, list[Point]]
    names: tuple[str, ...]


def series_of(pieces: Iterable[list[Record]], metrics: Sequence[str], axis: Axis, smooth: int = 1) -> Series:
    """`smooth`: each value is the mean of that many last ones. Ignores non-finite values."""
    curves = {name: Curve(_POINTS) for name in metrics}
    smoothers = {name: Smoother(smooth) for name in metrics}
    names: dict[str, None] = {}
    first: float | None = None
    for row in _rows(pieces):
        names.update(
            (name, None) for name in row if name not in names and name not in _NO_METRICS and _is_number(row[name])
        )
        moment = number(row.get(TIMESTAMP))
        if first is None and moment is not None and math.isfinite(moment):
            first = moment
        x = _place(row, axis, first)
        if x is None:
            continue
        for name in metrics:
            if name in row and (value := number(row[name])) is not None:
                curves[name].add(x, smoothers[name].next(value))
    found = {name: points for name, curve in curves.items() if (points := curve.points())}
    return Series(found, tuple(names))


def _rows(pieces: Iterable[list[Record]]) -> Iterator[Row]:
    order = RowOrder()
    for records in pieces:
        yield from order.add(records)
    yield from order.waiting()


def _is_number(value: object) -> bool:
    return number(value) is not None


def _place(row: Row, axis: Axis, first: float | None) -> float | None:
    match axis:
        case Axis.STEP:
            return number(row[STEP])
        case Axis.EPOCH:
            return number(row.get(EPOCH))
        case Axis.TIME:
            moment = number(row.get(TIMESTAMP))
            return moment - first if moment is not None and first is not None else None
