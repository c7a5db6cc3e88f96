"""`forgather doctor`: one table of what this machine can do, and how to mend what it cannot."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from typing import Final

from forgather_units.cli.client import connect
from forgather_units.cli.options import add_common
from forgather_units.cli.tables import print_json, table
from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.finding import Finding, Verdict
from forgather_units.machine.doctor import examine

HELP: Final = "what this machine can do, and how to mend what it cannot"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_common(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    """1 where something is bad, so that a script can ask."""
    findings = [*examine(), _server(args.server)]
    if args.json:
        print_json([asdict(finding) for finding in findings])
    else:
        print(table(("WHAT", "", "FOUND", "HOW TO MEND"), map(_row, findings)))
    return int(any(finding.verdict is Verdict.BAD for finding in findings))


def _row(finding: Finding) -> tuple[str, ...]:
    return finding.name, finding.verdict.value, finding.detail, finding.mend or "-"


def _server(flag: str | None) -> Finding:
    try:
        client = connect(flag)
        version = client.object("GET", "/api/health").get("version", "of unknown version")
        # Health is open to all: this one needs the token.
        client.object("GET", "/api/queue/scheduler")
    except ForgatherError as why:
        return Finding("server", Verdict.WARN, why.message, why.hint)
    return Finding("server", Verdict.OK, f"{version} at {client.url}")
