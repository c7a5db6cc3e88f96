"""`forgather login-url`: prints a one-time link that signs a browser in as the caller."""

from __future__ import annotations

import argparse
import webbrowser

from forgather_units.cli.connection.client import connect
from forgather_units.cli.json_output import print_json
from forgather_units.cli.options import add_common
from forgather_units.cli.parser import Parser


def add_arguments(parser: Parser) -> None:
    add_common(parser)
    parser.add_argument("--open", action="store_true", help="open it in a browser too")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    said = connect(args.server).object("POST", "/api/auth/login-url")
    if args.json:
        print_json(said)
    else:
        print(said.get("url"), flush=True)
    if args.open:
        webbrowser.open(str(said.get("url")))
    return 0
