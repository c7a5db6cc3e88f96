"""A chart as text, by plotext."""

from __future__ import annotations

import math
from typing import Any, Final

from forgather_units.domain.errors import Refused
from forgather_units.runs.chart import Chart, Panel

# Columns and lines.
_LEAST: Final = 40
_MOST: Final = 160
_HEIGHT: Final = 20


def drawn(chart: Chart, width: int, *, colour: bool) -> str:
    """All panels, one below the other. Raises Refused where plotext is missing."""
    try:
        # (Its sixth version has another interface.)
        import plotext
    except ImportError:
        raise Refused(
            "plots in a terminal are drawn by plotext, which is not installed",
            hint="pip install 'forgather-units[plot]'",
        ) from None
    columns = max(_LEAST, min(width, _MOST))
    return "\n\n".join(_panel(plotext, chart, panel, columns, colour=colour) for panel in chart.panels)


def _panel(plotext: Any, chart: Chart, panel: Panel, width: int, *, colour: bool) -> str:
    plotext.clear_figure()
    plotext.plotsize(width, _HEIGHT)
    plotext.title(f"{chart.title} - {panel.title}")
    plotext.xlabel(chart.x_label)
    if chart.log_scale:
        plotext.yscale("log")
    for line in panel.lines:
        plotext.plot([x for x, _ in line.points], [y for _, y in line.points], label=line.label, marker="braille")
    plotext.xlim(*chart.x)
    plotext.ylim(*_limits(panel, log_scale=chart.log_scale))
    text = str(plotext.build())
    return text if colour else str(plotext.uncolorize(text))


def _limits(panel: Panel, *, log_scale: bool) -> tuple[float | None, float | None]:
    """plotext takes limits of a logarithmic axis as exponents."""
    if not log_scale:
        return panel.y
    low, high = (math.log10(end) if end is not None and end > 0 else None for end in panel.y)
    return low, high
