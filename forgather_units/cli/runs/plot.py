"""`forgather logs plot`: the curves of some runs, into a file or into the terminal."""

from __future__ import annotations

import argparse
import math
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from forgather_units.cli.editor import editor, open_in
from forgather_units.cli.errors import Usage
from forgather_units.cli.parser import Parser
from forgather_units.cli.runs.run_target import one_run_each
from forgather_units.cli.tables import plain
from forgather_units.domain.errors import Refused
from forgather_units.runs.chart import Look, Range, chart_of
from forgather_units.runs.curve import Point
from forgather_units.runs.drawing import FORMATS, draw
from forgather_units.runs.find import RunFiles
from forgather_units.runs.reading import records_of
from forgather_units.runs.series import Axis, series_of
from forgather_units.runs.summary import EVAL_LOSS, GRAD_NORM, LOSS, MAX_GRAD_NORM
from forgather_units.runs.terminal_drawing import drawn

# Below the current folder, and these names of files: as of Forgather's own command.
_FOLDER: Final = "tmp"
_LOSSES: Final = (LOSS, EVAL_LOSS)
_NORMS: Final = (GRAD_NORM, MAX_GRAD_NORM)


def add_arguments(parser: Parser) -> None:
    parser.add_argument("path", nargs="*", metavar="PATH", help="a run's folder or log (default: the newest run)")
    what = parser.add_argument_group("content")
    what.add_argument(
        "--metrics", type=_names, default=(), metavar="A,B", help="names in the log (default: the losses)"
    )
    what.add_argument("--loss-curves", action="store_true", help="training and evaluation loss")
    what.add_argument("--grad-norm", action="store_true", help="the gradient's norm")
    what.add_argument("--perplexity", action="store_true", help="losses as perplexity")
    what.add_argument("--compare", nargs="+", default=[], metavar="PATH", help="more runs")
    what.add_argument("--labels", nargs="+", default=[], metavar="L", help="a name for each run")
    how = parser.add_argument_group("how")
    how.add_argument("--x-axis", choices=[axis.value for axis in Axis], default=Axis.STEP.value, help="(default: step)")
    how.add_argument("--smooth", type=_count, default=1, metavar="N", help="the mean of the last N values")
    how.add_argument("--log-scale", action="store_true", help="a logarithmic y axis")
    how.add_argument(
        "--ignore-outliers", action=argparse.BooleanOptionalAction, default=True,
        help="the y axis spans the values near the 5th to 95th percentile (default: yes)",
    )  # fmt: skip
    for name in ("x-min", "x-max", "y-min", "y-max"):
        how.add_argument(f"--{name}", type=_end, metavar="V", help=f"where the {name[0]} axis {_ENDS[name[2:]]}")
    how.add_argument("--title", metavar="T", help="(default: the run's name)")
    where = parser.add_argument_group("where to")
    where.add_argument(
        "-o", "--output", metavar="FILE",
        help="the file (default: tmp/training_plot.png or tmp/loss_curves.png, with the name of -t in front)",
    )  # fmt: skip
    where.add_argument("-e", "--edit", action="store_true", help="open it in $VISUAL or $EDITOR, else with xdg-open")
    where.add_argument("--no-show", action="store_true", help="as without it: no window opens")
    where.add_argument("--format", choices=FORMATS, help="(default: as the file's name ends, else png)")
    where.add_argument("--terminal", action="store_true", help="draw it here, as text")
    parser.set_defaults(run=_run)


_ENDS: Final = {"min": "begins", "max": "ends"}


def _run(args: argparse.Namespace) -> int:
    if args.terminal and (args.output or args.format or args.edit):
        raise Usage("--terminal writes no file: leave out -o, --format and -e")
    viewer = editor(("xdg-open",)) if args.edit else ""
    look = _look(args)
    asked = tuple(
        dict.fromkeys((*args.metrics, *(_LOSSES if args.loss_curves else ()), *(_NORMS if args.grad_norm else ())))
    )
    runs = _runs(args)
    labels = _labels(args.labels, runs)
    curves = {
        label: _curves(run, asked or _LOSSES, args.metrics, look.axis, args.smooth)
        for label, run in zip(labels, runs, strict=True)
    }
    chart = chart_of(curves, look)
    if args.terminal:
        print(drawn(chart, shutil.get_terminal_size().columns, colour=sys.stdout.isatty()))
        return 0
    file, file_format = _file(args)
    draw(chart, file, file_format)
    print(f"wrote {plain(str(file.absolute()))}", flush=True)
    if viewer:
        open_in(viewer, file, "the plot is written")
    return 0


def _runs(args: argparse.Namespace) -> list[RunFiles]:
    # `plot --compare a b` alone compares these two, not both with the newest.
    args.path = [*args.path, *args.compare]
    return one_run_each(args)


def _labels(given: Sequence[str], runs: Sequence[RunFiles]) -> list[str]:
    if given and len(given) != len(runs):
        raise Usage(f"--labels wants a name for each run: there are {len(runs)} runs and {len(given)} names")
    names = [plain(name) for name in given or [run.name for run in runs]]
    if len(set(names)) < len(names):
        names = [f"{name} ({number})" for number, name in enumerate(names, 1)]
    return names


def _curves(
    run: RunFiles, metrics: Sequence[str], named: Sequence[str], axis: Axis, smooth: int
) -> dict[str, list[Point]]:
    series = series_of(records_of(run), metrics, axis, smooth)
    # Asked for by a flag, a metric may be missing (not each run is evaluated); asked for by its name, it may not.
    missing = [name for name in named if name not in series.curves]
    if missing or not series.curves:
        wanted = ", ".join(missing or metrics)
        there = f"it has {plain(', '.join(series.names))}" if series.names else "it has none"
        along = "" if axis is Axis.STEP else f" along the {axis}"
        raise Refused(f"{plain(run.name)} has no values of {wanted}{along}: {there}", field="metrics")
    return series.curves


def _look(args: argparse.Namespace) -> Look:
    x, y = _range("x", args.x_min, args.x_max), _range("y", args.y_min, args.y_max)
    if args.log_scale and any(end is not None and end <= 0 for end in y):
        raise Usage("a logarithmic axis has no place for zero and below: --y-min and --y-max must be above 0")
    return Look(args.title, Axis(args.x_axis), args.log_scale, args.ignore_outliers, args.perplexity, x, y)


def _range(name: str, low: float | None, high: float | None) -> Range:
    if low is not None and high is not None and low >= high:
        raise Usage(f"--{name}-min must be below --{name}-max, and {low:g} is not below {high:g}")
    return low, high


def _file(args: argparse.Namespace) -> tuple[Path, str]:
    """The file, and its format. Makes the folder of the default file."""
    file_format: str | None = args.format
    if args.output is None:
        chosen = file_format or FORMATS[0]
        config = f"{Path(args.config_template).stem}_" if args.config_template else ""
        name = "loss_curves" if args.loss_curves else "training_plot"
        file = Path(_FOLDER, f"{config}{name}.{chosen}")
        try:
            file.parent.mkdir(exist_ok=True)
        except OSError as why:
            raise Refused(f"{file} cannot be written: {why.strerror}", hint="name another file by -o") from None
        return file, chosen
    file = Path(args.output)
    ending = file.suffix.lower().lstrip(".")
    if file_format is None and ending and ending not in FORMATS:
        raise Usage(f"{file.name} should end with one of .{', .'.join(FORMATS)}, or say --format")
    return file, file_format or ending or FORMATS[0]


def _names(text: str) -> tuple[str, ...]:
    names = tuple(filter(None, map(str.strip, text.split(","))))
    if not names:
        raise argparse.ArgumentTypeError("must be names, with commas between them")
    return names


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 1_000_000:
        raise argparse.ArgumentTypeError(f"must be a number of values, 1 or above, not {text!r}")
    return int(text)


def _end(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise argparse.ArgumentTypeError(f"must be a number, not {text!r}")
    return value
