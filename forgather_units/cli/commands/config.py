"""`forgather config ...`: shows the settings and their sources, checks and edits the file."""

from __future__ import annotations

import argparse
import dataclasses
import sys
import tempfile
from enum import Enum
from pathlib import Path
from typing import Any, Final

from forgather_units.cli.editor import editor, open_in
from forgather_units.cli.json_output import print_json
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import Column, Fit, plain, table
from forgather_units.cli.text_width import indented
from forgather_units.files.regular_file import read_text
from forgather_units.settings import edit
from forgather_units.settings.contents import MOST_BYTES
from forgather_units.settings.location import check_named
from forgather_units.settings.settings import Settings, config_file, load_all, problems_of
from forgather_units.viewers.declaration_args import args_problems

_WRONG: Final = 2


def add_arguments(parser: Parser) -> None:
    verbs: Any = parser.add_subparsers(metavar="VERB", required=True)
    for name, meaning, run in (
        ("show", "every setting, its value, and where that comes from", _show),
        ("check", "every mistake in the file, with its line (exit 2 if there is one)", _check),
        ("edit", "open the file in $EDITOR; rejects invalid settings", _edit),
    ):
        leaf = verbs.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        leaf.add_argument("--config", metavar="FILE", help="settings file (~/.config/forgather/units.yaml)")
        if run is not _edit:
            leaf.add_argument("--json", action="store_true", help="print JSON and nothing else")
        leaf.set_defaults(run=run)


def _file(args: argparse.Namespace) -> Path:
    return Path(args.config) if args.config else config_file()


def _show(args: argparse.Namespace) -> int:
    loaded = load_all(Path(args.config) if args.config else None, {}, args_problems)
    values = {each.name: getattr(loaded.settings, each.name) for each in dataclasses.fields(Settings)}
    services = [dataclasses.asdict(service) for service in loaded.services]
    if args.json:
        settings = {name: {"value": _as_json(value), "from": loaded.sources[name]} for name, value in values.items()}
        print_json({"file": str(loaded.file), "settings": settings, "services": services})
        return 0
    rows = [(name, _spelled(value), loaded.sources[name]) for name, value in values.items()]
    print(table(("SETTING", Column("VALUE", Fit.WRAP), Column("FROM", Fit.WRAP)), rows))
    for service in services:
        args_said = ", ".join(f"{key}={_spelled(value)}" for key, value in service["args"].items())
        off = "" if service["enabled"] else " (disabled)"
        print(indented(f"service {service['type']} {service['name']}{off}: {plain(args_said)}"))
    return 0


def _as_json(value: Any) -> Any:
    """As the file may have it: a number, a text, true or false, a list, an object; None where it is empty."""
    return str(value) if isinstance(value, Path) else value


def _spelled(value: Any) -> str:
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {each}" for name, each in value.items())
    if isinstance(value, float):
        return f"{value:g}"
    return "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _check(args: argparse.Namespace) -> int:
    file = _file(args)
    if args.config:
        check_named(file)
    problems = problems_of(file, args_problems)
    if args.json:
        print_json([dataclasses.asdict(problem) for problem in problems])
    else:
        for problem in problems:
            print(problem.at(file), file=sys.stderr)
        if not problems:
            print(f"{file}: {'no mistakes' if file.exists() else 'not there: every setting has its default'}")
    return _WRONG if problems else 0


def _edit(args: argparse.Namespace) -> int:
    file = _file(args)
    command = editor(("editor", "nano", "vi"))
    with tempfile.TemporaryDirectory(prefix="forgather-config-") as folder:
        draft = Path(folder) / "units.yaml"
        before = (
            read_text(file, MOST_BYTES)
            if file.exists()
            else "# Settings of forgather server; `forgather config show` has them all.\n"
        )
        draft.write_text(before)
        open_in(command, draft, f"{file} stays as it was")
        after = draft.read_text()
        problems = problems_of(draft, args_problems)
        if problems:
            kept = file.with_name(f"{file.name}.rejected")
            edit.replace(kept, after)
            for problem in problems:
                print(problem.at(kept), file=sys.stderr)
            print(f"{file} is unchanged; your version is in {kept}", file=sys.stderr)
            return _WRONG
    if after == before:
        print(f"{file}: unchanged")
        return 0
    edit.replace(file, after)
    print(f"{file}: written; a running server takes it with: systemctl --user reload forgather-server")
    return 0
