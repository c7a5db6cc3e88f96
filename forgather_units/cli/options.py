"""Options that many commands share, and the leaves of a command with verbs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

Run = Callable[[argparse.Namespace], int]


def add_verbs(parser: argparse.ArgumentParser) -> Callable[[str, str, Run], argparse.ArgumentParser]:
    """A function that adds one verb (name, help, what it runs), with the common options, and returns its parser."""
    verbs: Any = parser.add_subparsers(metavar="VERB", required=True)

    def add(name: str, meaning: str, run: Run) -> argparse.ArgumentParser:
        leaf: argparse.ArgumentParser = verbs.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        leaf.set_defaults(run=run)
        add_common(leaf)
        return leaf

    return add


def add_common(parser: argparse.ArgumentParser) -> None:
    """`--server` and `--json`."""
    parser.add_argument(
        "--server", metavar="URL", help="the server (default: $FORGATHER_SERVER_URL, else your own, else this host's)"
    )
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
