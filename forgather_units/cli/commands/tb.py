"""`forgather tb`: a TensorBoard in the foreground, or queued on the server."""

from __future__ import annotations

import argparse
from functools import partial

from forgather_units.cli.commands import tb_install, viewer
from forgather_units.cli.errors import Usage
from forgather_units.cli.folders import absolute
from forgather_units.cli.jobs.viewer_options import Params, add_options, given_options
from forgather_units.cli.parser import Parser
from forgather_units.cli.runs.config_target import Target, add_dynamic_args, target_of
from forgather_units.viewers.tensorboard.kind import TENSORBOARD


def add_arguments(parser: Parser) -> None:
    group = parser.add_argument_group(TENSORBOARD.noun)
    logdir, *others = TENSORBOARD.own_options
    add_options(group, [logdir], TENSORBOARD)
    group.add_argument("--all", action="store_true", help="all models of the project: its models_dir")
    add_dynamic_args(group)
    add_options(group, others, TENSORBOARD)
    viewer.add_rest(parser, TENSORBOARD)
    parser.set_defaults(run=_run, takes_rest=True)
    parser.take_word_as(logdir.our_flag, "DIR")
    tb_install.add_verbs(parser)


def _run(args: argparse.Namespace) -> int:
    return viewer.run(args, TENSORBOARD, partial(_given, args))


def _given(args: argparse.Namespace) -> Params:
    """The given job_params, with the logdir and the title of the config where none is given."""
    target = _target(args)
    # The job belongs to the project, regardless of the current folder in it.
    args.project_dir = target.project_dir or args.project_dir
    params = given_options(args, TENSORBOARD.own_options)
    if target.title:
        params.setdefault("window_title", target.title)
    return {**params, "logdir": target.logdir}


def _target(args: argparse.Namespace) -> Target:
    """Absolute: the server has another current folder. An empty logdir stays empty, and is refused."""
    if args.logdir is None:
        return target_of(args)
    for given, name in ((args.all, "--all"), (args.config_template, "-t"), (args.dynamic_arg, "--dynamic-arg")):
        if given:
            raise Usage(f"{name} and --logdir exclude each other")
    return Target(absolute(args.logdir, "logdir") if args.logdir else "")
