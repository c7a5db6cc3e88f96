"""`forgather <viewer>`: a viewer of any kind, in the foreground or queued on the server."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from forgather_units.cli.errors import Usage
from forgather_units.cli.jobs import enqueue, foreground
from forgather_units.cli.jobs.viewer_options import Params, add_job_options, add_options, given_options, given_placing
from forgather_units.cli.options import add_common
from forgather_units.cli.parser import Parser
from forgather_units.viewers.contract.kind import Kind


def add_arguments(parser: Parser, kind: Kind) -> None:
    """The command of a kind that has no module of its own here."""
    add_options(parser.add_argument_group(kind.noun), kind.own_options, kind)
    add_rest(parser, kind)
    parser.take_word_as(kind.own_options[0].our_flag, kind.own_options[0].metavar or "WORD")
    parser.set_defaults(run=partial(_run, kind), takes_rest=True)


def add_rest(parser: Parser, kind: Kind) -> None:
    """The options that follow the viewer's own in the command of every kind."""
    add_job_options(parser, kind)
    add_common(parser)
    parser.epilog = f"In the foreground, what follows -- is handed to {kind.noun} as it is."


def run(args: argparse.Namespace, kind: Kind, given: Callable[[], Params]) -> int:
    """Queue a viewer with the job_params that `given` finds on the command line, or become it."""
    placing, params = given_placing(args), given()
    if args.enqueue and not args.dry_run:
        return enqueue.run(args, kind, params | placing)
    return foreground.run(args, kind, kind.options_of(params))


def _run(kind: Kind, args: argparse.Namespace) -> int:
    return run(args, kind, partial(_given, kind, args))


def _given(kind: Kind, args: argparse.Namespace) -> Params:
    required = kind.own_options[0]
    params = given_options(args, kind.own_options)
    if required.name not in params:
        raise Usage(f"{required.our_flag} is missing")
    return params
