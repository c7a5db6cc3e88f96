"""`forgather job list`: active jobs, and the ended ones that were asked for."""

from __future__ import annotations

import argparse
import sys
from typing import Any, Final

from forgather_units.cli.connection.client import Client, Page, Record, connect
from forgather_units.cli.errors import Usage
from forgather_units.cli.jobs import selection
from forgather_units.cli.jobs.states import is_ended, state, state_and_exit
from forgather_units.cli.json_output import print_json
from forgather_units.cli.options import whole_number
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import Column, Fit, table
from forgather_units.cli.times import ago, since, span
from forgather_units.cli.watch import watch
from forgather_units.domain.viewer import label_of
from forgather_units.host.account import account_name

# Ended jobs: they fit below the active ones on a screen.
_USUAL_LIMIT: Final = 10
_MOST_LISTED: Final = 10_000_000
_COLUMNS: Final = (
    "ID",
    "STATUS",
    "VIEWER",
    Column("PRIORITY", is_optional=True),
    "AGE",
    Column("RAN FOR", is_optional=True),
    Column("OWNER", is_optional=True),
    Column("TITLE", Fit.CUT),
    Column("NOTE", Fit.CUT, is_optional=True),
)


def add_arguments(leaf: Parser) -> None:
    limit = f"at most N ended jobs (default: {_USUAL_LIMIT})"
    leaf.add_argument("--limit", type=whole_number(1, _MOST_LISTED), metavar="N", help=limit)
    leaf.add_argument("-a", "--all", action="store_true", help="all ended jobs, too")
    selection.add_arguments(leaf)
    leaf.add_argument("-q", "--quiet", action="store_true", help="print the ids alone")
    leaf.add_argument("-w", "--watch", action="store_true", help="show it again when it changes, until Ctrl-C")


def run(args: argparse.Namespace) -> int:
    """Print the list."""
    if args.watch and args.json:
        raise Usage("--watch is for a person: without --json")
    client = connect(args.server)
    if args.watch:
        watch(lambda: "\n".join(filter(None, _text(args, *_selected(client, args)))))
        return 0
    jobs, page = _selected(client, args)
    if args.json:
        print_json(jobs)
        return 0
    text, note = _text(args, jobs, page)
    if text:
        print(text)
    if note and not args.quiet:
        print(note, file=sys.stderr)
    return 0


def _selected(client: Client, args: argparse.Namespace) -> tuple[list[Record], Page]:
    return selection.selected(client, args, None if args.all else args.limit or _USUAL_LIMIT)


def _text(args: argparse.Namespace, jobs: list[Record], page: Page) -> tuple[str, str]:
    """The list, and a note about it; each may be empty."""
    if args.quiet:
        return "\n".join(str(job.get("queue_id")) for job in jobs), ""
    if not jobs:
        return "", "no jobs match" if selection.is_given(args) else "no jobs"
    # Show the owner only if there are jobs of other accounts.
    shared = not {job.get("owner") for job in jobs} <= {account_name(), None}
    return table(_COLUMNS, (_row(job, shared) for job in jobs)), _note_on_more(args, jobs, page)


def _note_on_more(args: argparse.Namespace, jobs: list[Record], page: Page) -> str:
    if selection.is_narrow(args):
        return "" if page.following is None else "older jobs may match too: --all, or --limit N, shows more"
    return f"{len(jobs)} of {page.total} jobs: --all, or --limit N, shows more" if len(jobs) < page.total else ""


def _row(job: Record, shared: bool) -> tuple[object, ...]:
    params = job.get("job_params") or {}
    finished, started = job.get("finished_at"), job.get("started_at")
    return (
        job.get("queue_id"),
        state(job),
        _viewer(job),
        job.get("priority") or None,
        ago(finished) if finished else since(started or job.get("submitted_at")),
        span(finished - started) if finished and started else None,
        job.get("owner") if shared else None,
        job.get("title") or params.get("logdir"),
        _note(job),
    )


def _viewer(job: Record) -> str:
    """`tensorboard:6007`, with the port that it got."""
    params: dict[str, Any] = job.get("job_params") or {}
    port = job.get("port") or params.get("port") or str(job.get("config")).partition(":")[2]
    return label_of(selection.kind_of(job), "private" if params.get("private") else port)


def _note(job: Record) -> str:
    if job.get("waits_for"):
        return str(job["waits_for"])
    if not is_ended(job) or (job.get("status") == "aborted" and job.get("stop_requested")):
        # The status says it all.
        return ""
    exit_text = state_and_exit(job).partition(", ")[2]
    return str(job.get("error") or exit_text).partition("\n")[0]
