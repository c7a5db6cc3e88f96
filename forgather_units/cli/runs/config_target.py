"""From a config of a project to the folder that a TensorBoard shows."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from forgather_units.cli.folders import absolute
from forgather_units.domain.errors import NotFound, Refused
from forgather_units.folders.expected import META
from forgather_units.projects.catalog import Catalog
from forgather_units.projects.folders import enclosing_project
from forgather_units.settings.paths import cache_dir

OUTPUT_MODELS: Final = "output_models"


@dataclass(frozen=True, slots=True)
class Target:
    """A logdir, and where it comes from a config, the config's name and its project."""

    logdir: str
    title: str | None = None
    project_dir: str | None = None


def add_dynamic_args(parser: argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--dynamic-arg", action="append", type=_dynamic_arg, default=[], metavar="K=V",
        help="a variable of the config's templates; may be given more than once",
    )  # fmt: skip


def target_of(args: argparse.Namespace) -> Target:
    """The folder of the config that -p and -t name; of a folder that is no project, its output_models.

    Raises NotFound, Refused.
    """
    folder = absolute(args.project_dir or ".")
    project_dir = enclosing_project(folder)
    if project_dir is None:
        if args.config_template:
            raise NotFound(f"there is no {META} in {folder} or above it, so there are no configs", field="project_dir")
        return _without_project(Path(folder))
    config = Catalog(cache_dir()).config(project_dir, args.config_template, dict(args.dynamic_arg))
    logdir = config.models_dir if args.all else config.output_dir
    if logdir is None:
        what = "models_dir" if args.all else "output_dir"
        kind = config.config_class or "config without a class"
        raise Refused(f"{config.name} is a {kind} and has no {what}: there is nothing to look at", field="config")
    return Target(logdir, config.title, project_dir)


def _without_project(folder: Path) -> Target:
    models = folder / OUTPUT_MODELS
    if not models.is_dir():
        raise Refused(f"there is no {OUTPUT_MODELS} in {folder}, and no {META}: give --logdir DIR", field="logdir")
    return Target(str(models))


def _dynamic_arg(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    name = name.strip().lstrip("-").replace("-", "_")
    if not equals or not name.isidentifier():
        raise argparse.ArgumentTypeError(f"must be a name, = and a value, not {text!r}")
    try:
        # Parse numbers, true, false and null; everything else is text.
        return name, json.loads(value)
    except ValueError:
        return name, value
