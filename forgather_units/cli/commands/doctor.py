"""`forgather doctor`: which features this host supports, and how to fix the others."""

from __future__ import annotations

import argparse
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Final

from forgather_units.cli.connection.client import Client, connect
from forgather_units.cli.json_output import print_json
from forgather_units.cli.options import add_common
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import Column, Fit, table
from forgather_units.doctor.account_findings import shell_finding, state_folder_finding
from forgather_units.doctor.checks import examine
from forgather_units.doctor.program_trials import programs_here
from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.finding import Finding, Verdict
from forgather_units.settings.paths import state_dir
from forgather_units.settings.settings import load

_COLUMNS: Final = ("CHECK", "STATUS", Column("RESULT", Fit.WRAP), Column("FIX", Fit.WRAP))


def add_arguments(parser: Parser) -> None:
    add_common(parser)
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    """Returns 1 if a check failed, for scripts."""
    findings = [
        *examine(),
        shell_finding(),
        state_folder_finding(_state_folder()),
        *programs_here(),
        *_server(args.server),
    ]
    if args.json:
        print_json([asdict(finding) for finding in findings])
    else:
        print(table(_COLUMNS, map(_row, findings)))
    return int(any(finding.verdict is Verdict.BAD for finding in findings))


def _row(finding: Finding) -> tuple[str, ...]:
    return finding.name, finding.verdict.value, finding.detail, finding.fix or "-"


def _state_folder() -> Path:
    try:
        return load(None, {}).state_dir
    except ForgatherError:
        # A row of its own says what is wrong with the settings.
        return state_dir()


def _server(flag: str | None) -> list[Finding]:
    try:
        client = connect(flag)
        version = client.object("GET", "/api/health").get("version", "of unknown version")
        # Health is open to all: this one needs the token.
        client.object("GET", "/api/queue/scheduler")
    except ForgatherError as why:
        return [Finding("server", Verdict.WARN, why.message, why.hint)]
    return [Finding("server", Verdict.OK, f"{version} at {client.url}"), *_proxies(client)]


def _proxies(client: Client) -> list[Finding]:
    """What the server knows about the reverse proxies in front of it; nothing from an older server."""
    with suppress(ForgatherError):
        rows = client.objects("/api/host/proxies")
        return [Finding(row["name"], Verdict(row["verdict"]), row["detail"], row["fix"]) for row in rows]
    return []
