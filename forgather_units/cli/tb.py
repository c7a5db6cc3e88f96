"""`forgather tb`: a TensorBoard in the foreground, or queued on the server."""

from __future__ import annotations

import argparse
from typing import Final

from forgather_units.cli import enqueue, foreground, tb_install
from forgather_units.cli.as_job import add_job_options, add_listening, job_params
from forgather_units.cli.config_target import Target, add_dynamic_args, target_of
from forgather_units.cli.errors import Usage
from forgather_units.cli.folders import absolute
from forgather_units.cli.options import add_common
from forgather_units.domain.tensorboard import DEFAULT_PORT, TensorBoardOptions
from forgather_units.kinds.tensorboard import TENSORBOARD

HELP: Final = "a TensorBoard: in the foreground, or with --enqueue as a job of the server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    viewer = parser.add_argument_group("TensorBoard")
    viewer.add_argument("--logdir", metavar="DIR", help="folder of the event files (default: the config's output_dir)")
    viewer.add_argument("--all", action="store_true", help="all models of the project: its models_dir")
    add_dynamic_args(viewer)
    add_listening(viewer, DEFAULT_PORT)
    viewer.add_argument("--window-title", metavar="T", help="title of the page")
    viewer.add_argument("--reload-interval", type=_seconds, metavar="S", help="seconds between loads; 0 loads once")
    viewer.add_argument("--reload-multifile", action="store_true", help="follow all files of a run (slow loader)")
    viewer.add_argument("--samples-per-plugin", metavar="S", help="such as images=100,scalars=500")
    add_job_options(parser, "TensorBoard")
    add_common(parser)
    parser.epilog = "In the foreground, what follows -- is handed to tensorboard as it is."
    parser.set_defaults(run=_run, takes_rest=True)
    tb_install.add_verbs(parser)


def _run(args: argparse.Namespace) -> int:
    placing, params = job_params(args), _given(args)
    if args.enqueue and not args.dry_run:
        return enqueue.run(args, TENSORBOARD, params | placing)
    return foreground.run(args, TensorBoardOptions(**params))


def _given(args: argparse.Namespace) -> enqueue.Params:
    """The job_params that were given on the command line, by their names in the API."""
    target = _target(args)
    # What the job belongs to is its project, wherever in it the command was given.
    args.project_dir = target.project_dir or args.project_dir
    params: enqueue.Params = {
        "logdir": target.logdir,
        "port": args.port,
        "host": args.host,
        "bind_all": args.bind_all or None,
        "window_title": args.window_title or target.title,
        "reload_interval": args.reload_interval,
        "reload_multifile": args.reload_multifile or None,
        "samples_per_plugin": args.samples_per_plugin,
    }
    return {name: value for name, value in params.items() if value is not None}


def _target(args: argparse.Namespace) -> Target:
    """Absolute: the server has another current folder. An empty logdir stays so, and is refused as what it is."""
    if args.logdir is None:
        return target_of(args)
    for given, name in ((args.all, "--all"), (args.config_template, "-t"), (args.dynamic_arg, "--dynamic-arg")):
        if given:
            raise Usage(f"{name} and --logdir exclude each other")
    return Target(absolute(args.logdir) if args.logdir else "")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 1e9:
        raise argparse.ArgumentTypeError(f"must be a number of seconds, 0 or above, not {text!r}")
    return seconds
