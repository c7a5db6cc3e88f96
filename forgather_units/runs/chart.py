"""Content of a plot, independent of the drawing library: panels of lines and axis ranges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forgather_units.runs.curve import Point
from forgather_units.runs.series import Axis
from forgather_units.runs.summary import EVAL_LOSS, GRAD_NORM, LEARNING_RATE, LOSS, MAX_GRAD_NORM
from forgather_units.runs.summary_record import perplexity

Range = tuple[float | None, float | None]

_TOGETHER: Final = {
    LOSS: "loss",
    EVAL_LOSS: "loss",
    GRAD_NORM: "gradient norm",
    MAX_GRAD_NORM: "gradient norm",
    LEARNING_RATE: "learning rate",
}
"""Metrics that share a panel; each other one has its own."""
_LOSSES: Final = (LOSS, EVAL_LOSS)
_LOW: Final = 0.05
_HIGH: Final = 0.95
_MARGIN: Final = 0.1
_HOURS: Final = 3600
_MINUTES: Final = 60


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    points: Sequence[Point]


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    lines: Sequence[Line]
    y: Range = (None, None)
    """None: as far as the lines go."""


@dataclass(frozen=True, slots=True)
class Chart:
    title: str
    x_label: str
    panels: Sequence[Panel]
    x: Range = (None, None)
    log_scale: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """Style of a plot, from the flags."""

    title: str | None = None
    axis: Axis = Axis.STEP
    log_scale: bool = False
    ignore_outliers: bool = True
    perplexity: bool = False
    x: Range = (None, None)
    y: Range = (None, None)


def chart_of(runs: Mapping[str, Mapping[str, Sequence[Point]]], look: Look) -> Chart:
    """`runs`: of each label the curves of its metrics. Metrics of a kind share a panel."""
    panels: dict[str, list[Line]] = {}
    several = len(runs) > 1
    for label, curves in runs.items():
        for metric, points in curves.items():
            as_perplexity = look.perplexity and metric in _LOSSES
            title = "perplexity" if as_perplexity else _TOGETHER.get(metric, metric)
            name = metric.replace("loss", "perplexity") if as_perplexity else metric
            shown = [(x, perplexity(y) or 0.0) for x, y in points] if as_perplexity else points
            panels.setdefault(title, []).append(Line(f"{label}: {name}" if several else name, _drawable(shown, look)))
    unit, label = _unit(look.axis, panels)
    made = [
        Panel(title, [_scaled(line, unit) for line in lines], _heights(lines, look)) for title, lines in panels.items()
    ]
    return Chart(look.title or ", ".join(runs), label, made, look.x, look.log_scale)


def _drawable(points: Iterable[Point], look: Look) -> list[Point]:
    """A logarithmic axis cannot show values <= 0."""
    return [(x, y) for x, y in points if math.isfinite(y) and (y > 0 or not look.log_scale)]


def _unit(axis: Axis, panels: Mapping[str, Sequence[Line]]) -> tuple[float, str]:
    if axis is not Axis.TIME:
        return 1, axis.value
    longest = max((x for lines in panels.values() for line in lines for x, _ in line.points), default=0)
    sizes = ((_HOURS, "time (hours)"), (_MINUTES, "time (minutes)"), (1, "time (seconds)"))
    return next((size, label) for size, label in sizes if longest >= 2 * size or size == 1)


def _scaled(line: Line, unit: float) -> Line:
    return line if unit == 1 else replace(line, points=[(x / unit, y) for x, y in line.points])


def _heights(lines: Sequence[Line], look: Look) -> Range:
    """The range of most values, without outliers, unless limits are given."""
    if look.y != (None, None) or not look.ignore_outliers:
        return look.y
    values = sorted(y for line in lines for _, y in line.points)
    if not values:
        return (None, None)
    low, high = (values[round(part * (len(values) - 1))] for part in (_LOW, _HIGH))
    room = (high - low) * _MARGIN
    # Only distant values are outliers: the ends of a smooth curve stay.
    lowest = None if values[0] >= low - (high - low) else max(low - room, values[0])
    highest = None if values[-1] <= high + (high - low) else min(high + room, values[-1])
    return (lowest, highest)
