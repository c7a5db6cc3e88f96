"""`forgather logs`: what trainings have written, without a server and without a TensorBoard."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from forgather_units.cli import logs_plot
from forgather_units.cli.config_target import add_dynamic_args
from forgather_units.cli.logs_target import named_runs, one_run_each, runs_of_project
from forgather_units.cli.tables import plain, print_json, table
from forgather_units.domain.errors import Refused
from forgather_units.runs.find import RunFiles
from forgather_units.runs.reading import summary_of
from forgather_units.runs.summary_record import finite, record_of
from forgather_units.runs.summary_text import markdown, one_line, side_by_side, text

HELP: Final = "what trainings have logged: a list of runs, a summary, a plot"

Records = Sequence[dict[str, Any]]


def _as_json(records: Records) -> str:
    shown = [finite(record) for record in records]
    return json.dumps(shown[0] if len(shown) == 1 else shown, indent=2)


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


def add_arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)

    listing = verbs.add_parser(
        "list", help="the runs of a project or below a folder, the newest first", allow_abbrev=False
    )
    listing.add_argument("path", nargs="*", metavar="PATH", help="a folder (default: the project's output_models)")
    listing.add_argument("--json", action="store_true", help="print JSON and nothing else")
    listing.set_defaults(run=_list)

    summary = verbs.add_parser("summary", help="a run in figures; several runs side by side", allow_abbrev=False)
    summary.add_argument("path", nargs="*", metavar="PATH", help="a run's folder or log (default: the newest run)")
    summary.add_argument("--format", choices=_FORMATS, default="text", help="how it is printed (default: text)")
    summary.add_argument("--all", action="store_true", help="all runs of the project or below PATH")
    summary.add_argument("-o", "--output", metavar="FILE", help="write it to a file")
    summary.set_defaults(run=_summary)

    plot = verbs.add_parser("plot", help="curves into a file, or into the terminal", allow_abbrev=False)
    logs_plot.add_arguments(plot)

    for verb in (listing, summary, plot):
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
    rows = [(at, run.name, run.log or run.folder, _moment(run.modified)) for at, run in enumerate(runs, 1)]
    print(table(("#", "RUN", "PATH", "MODIFIED"), rows))
    return 0


def _summary(args: argparse.Namespace) -> int:
    runs = _all(args) if args.all else one_run_each(args)
    records = [_plain_name(record_of(run, summary_of(run))) for run in runs]
    said = _FORMATS[args.format](records)
    if args.output is None:
        print(said)
        return 0
    try:
        Path(args.output).write_text(said + "\n", encoding="utf-8")
    except OSError as why:
        raise Refused(f"{args.output} cannot be written: {why.strerror}") from None
    return 0


def _plain_name(record: dict[str, Any]) -> dict[str, Any]:
    return record | {name: plain(record[name]) for name in ("run", "path")}


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds).astimezone().isoformat(" ", "seconds")[:19]
