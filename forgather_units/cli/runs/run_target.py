"""Which runs a command is about."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from forgather_units.cli.folders import absolute
from forgather_units.cli.runs.config_target import OUTPUT_MODELS, target_of
from forgather_units.cli.tables import plain
from forgather_units.domain.errors import NotFound, Refused
from forgather_units.host.account import account_name
from forgather_units.projects.folders import enclosing_project
from forgather_units.runs.find import RunFiles, run_at, runs_below

# More than the server's limit, since a user can interrupt a command: 200,000 runs take about 10 seconds.
MOST_FOLDERS: Final = 500_000


def runs_of_project(args: argparse.Namespace) -> list[RunFiles]:
    """All runs below the output_models of the project, or below the output folder of the config that -t names; at
    least one, the newest first. Raises NotFound, Refused."""
    if args.config_template or args.dynamic_arg:
        args.all = False
        return _some_below(Path(target_of(args).logdir))
    folder = absolute(args.project_dir or ".")
    models = Path(enclosing_project(folder) or folder, OUTPUT_MODELS)
    if not models.is_dir():
        raise NotFound(f"there is no {OUTPUT_MODELS} in {models.parent}", hint="name a run's folder, or its log")
    return _some_below(models)


def named_runs(paths: Iterable[str]) -> list[RunFiles]:
    """All runs that `paths` are or that are below them, each once. Raises NotFound, Refused."""
    found: dict[Path, RunFiles] = {}
    for path in map(Path, map(absolute, paths)):
        run = run_at(path)
        for each in [run] if run and not path.is_dir() else _some_below(path):
            found.setdefault(each.log or each.folder, each)
    return list(found.values())


def one_run_each(args: argparse.Namespace) -> list[RunFiles]:
    """The run at each path, or the newest below it; without a path that of the project. Raises NotFound, Refused."""
    if not args.path:
        return runs_of_project(args)[:1]
    return [run_at(path) or _some_below(path)[0] for path in map(Path, map(absolute, args.path))]


def _some_below(folder: Path) -> list[RunFiles]:
    found = runs_below(folder, MOST_FOLDERS)
    if not found.whole:
        seen = f"only {MOST_FOLDERS} folders below {folder} were searched: there may be more runs"
        print(f"warning: {plain(seen)} than these {len(found.runs)}; name a folder further down", file=sys.stderr)
    if found.unreadable == (folder,):
        raise Refused(f"{folder} cannot be read by {account_name()}")
    for closed in found.unreadable:
        print(f"warning: {plain(str(closed))} cannot be read: its runs are missing here", file=sys.stderr)
    if not found.runs and found.whole:
        raise NotFound(f"there is no run in {folder} or below it: neither a trainer_logs.json nor event files")
    if not found.runs:
        raise NotFound(f"no run was found in the first {MOST_FOLDERS} folders below {folder}")
    return found.runs
