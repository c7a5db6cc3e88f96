"""A chart into a file, by matplotlib."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Refused
from forgather_units.runs.chart import Chart

FORMATS: Final = ("png", "svg", "pdf")
# Inches, of the whole and of a panel.
_WIDTH: Final = 9.0
_HEIGHT: Final = 3.6
_DPI: Final = 130


def draw(chart: Chart, file: Path, file_format: str) -> None:
    """Raises Refused where matplotlib is missing or the file cannot be written."""
    try:
        # It takes half a second, and nothing but a plot needs it. A figure of its own asks for no display.
        from matplotlib.figure import Figure
    except ImportError:
        raise Refused(
            "plots are drawn by matplotlib, which is not installed", hint="pip install 'forgather-units[plot]'"
        ) from None
    figure: Any = Figure(figsize=(_WIDTH, _HEIGHT * len(chart.panels)), dpi=_DPI, layout="constrained")
    figure.suptitle(chart.title, parse_math=False)
    for axes, panel in zip(figure.subplots(len(chart.panels), 1, squeeze=False)[:, 0], chart.panels, strict=True):
        for line in panel.lines:
            axes.plot([x for x, _ in line.points], [y for _, y in line.points], linewidth=1.2)
        if chart.log_scale:
            axes.set_yscale("log")
        axes.set_xlim(*chart.x)
        axes.set_ylim(*panel.y)
        axes.set_xlabel(chart.x_label)
        axes.set_ylabel(panel.title, parse_math=False)
        axes.grid(alpha=0.3)
        legend = axes.legend([line.label for line in panel.lines])
        for label in legend.get_texts():
            # A dollar sign in a run's name is no formula.
            label.set_parse_math(False)
    try:
        figure.savefig(file, format=file_format)
    except OSError as why:
        raise Refused(f"{file} cannot be written: {why.strerror}") from None
