"""`forgather sandbox run -- CMD`: its words; the sandbox itself is another room's."""

from __future__ import annotations

import argparse

from forgather_units.cli.parser import Parser
from forgather_units.sandbox import command


def add_arguments(parser: Parser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    meaning = "run a command in it, as an ordinary user"
    leaf = verbs.add_parser("run", help=meaning, description=meaning, allow_abbrev=False)
    command.add_arguments(leaf)
    leaf.set_defaults(run=_run, takes_rest=True)


def _run(args: argparse.Namespace) -> int:
    if args.rest:
        args.command = [*args.command, "--", *args.rest]
    return command.run(args)
