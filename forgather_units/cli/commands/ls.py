"""`forgather ls`: the configs of a project and their output folders."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from forgather_units.cli.folders import absolute
from forgather_units.cli.json_output import print_json
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import Column, Fit, plain, table
from forgather_units.cli.text_width import indented
from forgather_units.domain.errors import NotFound, Refused
from forgather_units.folders.expected import META
from forgather_units.projects.catalog import Catalog
from forgather_units.projects.folders import enclosing_project
from forgather_units.projects.project import Project, record_of
from forgather_units.settings.paths import cache_dir

_COLUMNS: Final = (
    Column("CONFIG", Fit.CUT_START),
    Column("NAME", Fit.CUT),
    Column("CLASS", Fit.CUT),
    Column("OUTPUT DIR", Fit.WRAP),
)


def add_arguments(parser: Parser) -> None:
    parser.add_argument("project", nargs="*", metavar="DIR", help="a project (default: that of -p, or of this folder)")
    parser.add_argument("-r", "--recursive", action="store_true", help="all projects below the folder")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    folders = [absolute(each) for each in args.project or [args.project_dir or "."]]
    for folder in folders:
        if not Path(folder).is_dir():
            raise Refused(f"{folder} is not a folder")
    catalog = Catalog(cache_dir())
    projects = catalog.projects(folders) if args.recursive else list(_each(catalog, folders))
    if args.json:
        print_json({"projects": [record_of(project) for project in projects]})
    elif projects:
        print("\n\n".join(map(_text, projects)))
    else:
        raise NotFound(f"there is no project in or below {' or '.join(folders)}", hint=f"a project has a {META}")
    return 0


def _each(catalog: Catalog, folders: list[str]) -> Iterator[Project]:
    for folder in folders:
        project_dir = enclosing_project(folder)
        if project_dir is None:
            raise NotFound(f"there is no {META} in {folder} or above it", hint="forgather ls -r looks below it")
        yield catalog.project(project_dir)


def _text(project: Project) -> str:
    name = indented(f"{plain(project.name)} : {plain(project.description)}")
    head = f"{name}\n{plain(project.project_dir)}"
    if project.error:
        return f"{head}\n{indented(f'  error: {plain(project.error)}')}"
    if not project.configs:
        return f"{head}\n  no configs"
    # The default one in brackets, as Forgather prints it.
    rows = [
        (f"[{each.name}]" if each.is_default else each.name, "ERROR", None, each.error)
        if each.error
        else (f"[{each.name}]" if each.is_default else each.name, each.config_name, each.config_class, each.output_dir)
        for each in project.configs
    ]
    return f"{head}\n{table(_COLUMNS, rows, indent=2)}"
