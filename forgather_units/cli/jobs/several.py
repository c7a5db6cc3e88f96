"""One action on several jobs: an error of one does not keep the others from it."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from typing import Any

from forgather_units.cli.connection.client import Client, connect
from forgather_units.cli.errors import Usage
from forgather_units.cli.jobs import selection
from forgather_units.cli.jobs.job_id import full_id
from forgather_units.cli.json_output import print_json
from forgather_units.cli.parser import Parser
from forgather_units.domain.errors import ForgatherError

Action = Callable[[Client, str], tuple[Any, str]]
"""Acts on the job with an id; the answer for --json, and a sentence."""


def add_ids(leaf: Parser, *, selects: bool = False) -> None:
    """Ids; with `selects` also --all, and options that narrow it."""
    leaf.add_argument("id", nargs="*" if selects else "+", help="a job's id, or a part that only it has")
    if selects:
        leaf.add_argument("--all", action="store_true", help="all jobs of yours that have not ended")
        selection.add_arguments(leaf)


def on_each(args: argparse.Namespace, action: Action) -> int:
    """Act on each job that `args` name or select. 1 if there was an error, which is printed.

    Raises Usage, and for a single id the error itself.
    """
    takes_all = getattr(args, "all", False)
    client = connect(args.server)
    answers, failures = [], 0
    ids = _ids(client, args)
    for part in ids:
        try:
            answer, sentence = action(client, full_id(client, part))
        except ForgatherError as why:
            if len(ids) == 1 and not takes_all:
                raise
            print(f"forgather: {why.message}", file=sys.stderr)
            failures += 1
            continue
        answers.append(answer)
        if not args.json:
            print(sentence, flush=True)
    if args.json:
        print_json(answers[0] if len(ids) == 1 and not takes_all else answers)
    elif not ids:
        print("no active jobs of yours" + (" match" if selection.is_given(args) else ""), file=sys.stderr)
    return int(failures > 0)


def _ids(client: Client, args: argparse.Namespace) -> list[str]:
    """As they were typed, each once; or those that --all selects. Raises Usage."""
    given: Iterable[str] = args.id
    if hasattr(args, "all"):
        narrowed = next((f"--{name}" for name in ("status", "kind", "search") if getattr(args, name)), None)
        if args.all and args.id:
            raise Usage("--all and an id exclude each other")
        if narrowed and not args.all:
            raise Usage(f"{narrowed} needs --all")
        if not args.all and not args.id:
            raise Usage("id is missing: name a job, or give --all")
        given = selection.active(client, args) if args.all else given
    return list(dict.fromkeys(given))
