"""`forgather logs`: figures and plots of trainings, without a server or a TensorBoard."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from forgather_units.cli.json_output import json_text, print_json
from forgather_units.cli.parser import Parser
from forgather_units.cli.runs import plot
from forgather_units.cli.runs.config_target import add_dynamic_args
from forgather_units.cli.runs.run_target import named_runs, one_run_each, runs_of_project
from forgather_units.cli.tables import Column, Fit, plain, table
from forgather_units.cli.times import date
from forgather_units.domain.errors import ForgatherError, Refused
from forgather_units.runs.find import RunFiles
from forgather_units.runs.reading import summary_of
from forgather_units.runs.summary_record import finite, record_of
from forgather_units.runs.summary_text import markdown, one_line, side_by_side, text

Records = Sequence[dict[str, Any]]


def _as_json(records: Records) -> str:
    shown = [finite(record) for record in records]
    return json_text(shown[0] if len(shown) == 1 else shown)


def _as_text(records: Records) -> str:
    return text(records[0]) if len(records) == 1 else side_by_side(records, as_markdown=False)


def _as_markdown(records: Records) -> str:
    return markdown(records[0]) if len(records) == 1 else side_by_side(records, as_markdown=True)


_FORMATS: Final[dict[str, Callable[[Records], str]]] = {
    "text": _as_text,
    "json": _as_json,
    "md": _as_markdown,
    "one-line": lambda records: "\n".join(map(one_line, records)),
}


def add_arguments(parser: Parser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    listing = verbs.add_parser("list", help="the runs of a project or below a folder, newest first", allow_abbrev=False)
    listing.add_argument("path", nargs="*", metavar="PATH", help="a folder (default: the project's output_models)")
    listing.add_argument("--json", action="store_true", help="print JSON and nothing else")
    listing.set_defaults(run=_list)

    summary = verbs.add_parser("summary", help="key figures of one or several runs", allow_abbrev=False)
    summary.add_argument("path", nargs="*", metavar="PATH", help="a run's folder or log (default: the newest run)")
    summary.add_argument("--format", choices=_FORMATS, default="text", help="output format (default: text)")
    summary.add_argument("--json", action="store_const", dest="format", const="json", help="the same as --format json")
    summary.add_argument("--all", action="store_true", help="all runs of the project or below PATH")
    summary.add_argument("-o", "--output", metavar="FILE", help="write to a file")
    summary.set_defaults(run=_summary)

    plot_verb = verbs.add_parser("plot", help="plot curves to a file or the terminal", allow_abbrev=False)
    plot.add_arguments(plot_verb)

    for verb in (listing, summary, plot_verb):
        add_dynamic_args(verb.add_argument_group("the project's config"))


def _all(args: argparse.Namespace) -> list[RunFiles]:
    return named_runs(args.path) if args.path else runs_of_project(args)


def _list(args: argparse.Namespace) -> int:
    runs = _all(args)
    if args.json:
        print_json(
            [{"number": at, "run": run.name, "path": str(run.log or run.folder), "modified": run.modified}
             for at, run in enumerate(runs, 1)]
        )  # fmt: skip
        return 0
    rows = [(at, run.name, date(run.modified), run.log or run.folder) for at, run in enumerate(runs, 1)]
    print(table(("#", Column("RUN", Fit.CUT_START), "MODIFIED", Column("PATH", Fit.WRAP)), rows))
    return 0


def _summary(args: argparse.Namespace) -> int:
    runs = _all(args) if args.all else one_run_each(args)
    records, failures = _summaries(runs)
    if not records:
        raise failures[0]
    for failure in failures:
        print(f"forgather: {plain(failure.message)}", file=sys.stderr)
    shown = records if args.format == "json" else list(map(_plain_name, records))
    said = _FORMATS[args.format](shown)
    code = 1 if failures else 0
    if args.output is None:
        print(said)
        return code
    try:
        Path(args.output).write_text(said + "\n", encoding="utf-8")
    except OSError as why:
        raise Refused(f"{args.output} cannot be written: {why.strerror}") from None
    return code


def _summaries(runs: Sequence[RunFiles]) -> tuple[list[dict[str, Any]], list[ForgatherError]]:
    """The records of the runs that can be read, and why the others cannot."""
    records, failures = [], []
    for run in runs:
        try:
            records.append(record_of(run, summary_of(run)))
        except ForgatherError as why:
            failures.append(why)
    return records, failures


def _plain_name(record: dict[str, Any]) -> dict[str, Any]:
    return record | {name: plain(record[name]) for name in ("run", "path")}
