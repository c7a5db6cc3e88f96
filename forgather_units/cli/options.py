"""Options that many commands share, and the leaves of a command with verbs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from forgather_units.cli import aliases
from forgather_units.cli.parser import Parser

Run = Callable[[argparse.Namespace], int]
AddVerb = Callable[[str, str, Run], Parser]
"""Adds a verb by its name, help and handler."""


def add_verbs(parser: Parser) -> AddVerb:
    """A function that adds one verb with the common options, and returns its parser."""
    verbs: Any = parser.add_subparsers(metavar="VERB", required=True)

    _add_server(parser, argparse.SUPPRESS)

    def add(name: str, meaning: str, run: Run) -> Parser:
        leaf: Parser = verbs.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        leaf.set_defaults(run=run)
        add_common(leaf)
        parser.epilog = aliases.described(parser.verbs)
        return leaf

    return add


def add_common(parser: Parser) -> None:
    """`--server` and `--json`."""
    _add_server(parser, "the server (default: $FORGATHER_SERVER_URL, else your own, else this host's)")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """The type of an option whose value is a whole number from `low` to `high`."""

    def parse(text: str) -> int:
        if not text.isascii() or not text.isdigit() or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"must be a whole number from {low} to {high}, not {text!r}")
        return int(text)

    return parse


def _add_server(parser: Parser, meaning: str) -> None:
    # Without a default, which would replace the value before the command.
    parser.add_argument("--server", metavar="URL", default=argparse.SUPPRESS, help=meaning)
