"""`forgather tb`: a TensorBoard in the foreground, or queued on the server."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final, Literal

from forgather_units.cli import enqueue, foreground
from forgather_units.cli.config_target import Target, add_dynamic_args, target_of
from forgather_units.cli.errors import Usage
from forgather_units.cli.folders import absolute
from forgather_units.cli.options import add_common
from forgather_units.domain import quantities
from forgather_units.domain.placement import Placing
from forgather_units.domain.tensorboard import AUTO, DEFAULT_PORT, TensorBoardOptions
from forgather_units.kinds.tensorboard import TENSORBOARD

HELP: Final = "a TensorBoard: in the foreground, or with --enqueue as a job of the server"

_NEEDS_ENQUEUE: Final = ("wait", "open", "follow")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    viewer = parser.add_argument_group("TensorBoard")
    viewer.add_argument("--logdir", metavar="DIR", help="folder of the event files (default: the config's output_dir)")
    viewer.add_argument("--all", action="store_true", help="all models of the project: its models_dir")
    add_dynamic_args(viewer)
    viewer.add_argument("--port", type=_port, help=f"1 to 65535, or auto: the lowest free one ({DEFAULT_PORT})")
    viewer.add_argument("--bind-all", action="store_true", help="listen on all addresses: that port asks no password")
    viewer.add_argument("--host", metavar="H", help="address of this machine to listen on (127.0.0.1)")
    viewer.add_argument("--window-title", metavar="T", help="title of the page")
    viewer.add_argument("--reload-interval", type=_seconds, metavar="S", help="seconds between loads; 0 loads once")
    viewer.add_argument("--reload-multifile", action="store_true", help="follow all files of a run (slow loader)")
    viewer.add_argument("--samples-per-plugin", metavar="S", help="such as images=100,scalars=500")
    socket = parser.add_argument_group("its socket and its limits (with --enqueue)")
    socket.add_argument("--private", action="store_true", help="no TCP port: it opens through the server alone")
    socket.add_argument("--lazy", action="store_true", help="queue it asleep: no memory before the first look")
    socket.add_argument("--direct", action="store_true", help="let TensorBoard have the port itself: no sleep")
    socket.add_argument(
        "--idle-timeout", type=_quantity(quantities.idle_timeout), metavar="T",
        help="time without a connection after which it sleeps: 90, 15min, 2h or never",
    )  # fmt: skip
    for name, parse, metavar, meaning in _LIMITS:
        socket.add_argument(f"--{name.replace('_', '-')}", type=_quantity(parse), metavar=metavar, help=meaning)
    parser.add_argument("--dry-run", action="store_true", help="print the command line and do nothing")
    queue = parser.add_argument_group("as a job")
    queue.add_argument("--enqueue", action="store_true", help="queue it on the server: it outlives this shell")
    queue.add_argument("--priority", type=int, default=0, metavar="N", help="higher goes first (0)")
    queue.add_argument("--wait", action="store_true", help="return when it answers")
    queue.add_argument("--open", action="store_true", help="wait, print its address, open it in a browser")
    queue.add_argument("--follow", action="store_true", help="print its output until it ends")
    add_common(parser)
    parser.epilog = "In the foreground, what follows -- is handed to tensorboard as it is."
    parser.set_defaults(run=_run, takes_rest=True)


def _run(args: argparse.Namespace) -> int:
    if args.rest and args.enqueue:
        raise Usage("arguments after -- are for the foreground: a job takes the options that --help names")
    for option in _NEEDS_ENQUEUE:
        if getattr(args, option) and not args.enqueue:
            raise Usage(f"--{option} is for a job: add --enqueue")
    params, placing = _given(args), _placing(args)
    if placing and not args.enqueue:
        raise Usage(f"--{next(iter(placing)).replace('_', '-')} is for a job: add --enqueue")
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


def _placing(args: argparse.Namespace) -> enqueue.Params:
    """The same of what is the job's, not TensorBoard's."""
    given = {each.name: getattr(args, each.name) for each in fields(Placing)}
    return {name: value for name, value in given.items() if value is not None and value is not False}


def _target(args: argparse.Namespace) -> Target:
    """Absolute: the server has another current folder. An empty logdir stays so, and is refused as what it is."""
    if args.logdir is None:
        return target_of(args)
    for given, name in ((args.all, "--all"), (args.config_template, "-t"), (args.dynamic_arg, "--dynamic-arg")):
        if given:
            raise Usage(f"{name} and --logdir exclude each other")
    return Target(absolute(args.logdir) if args.logdir else "")


def _port(text: str) -> int | Literal["auto"]:
    if text == AUTO:
        return AUTO
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"must be from 1 to 65535, or auto, not {text!r}")
    return int(text)


def _quantity(parse: Callable[[Any], Any]) -> Callable[[str], Any]:
    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as why:
            raise argparse.ArgumentTypeError(f"{why}, not {text!r}") from None

    return parsed


_LIMITS: Final = (
    ("memory_high", quantities.memory, "SIZE", "memory above which it is slowed down, such as 1G"),
    ("memory_max", quantities.memory, "SIZE", "memory above which it is killed, such as 2G"),
    ("cpu_weight", quantities.cpu_weight, "N", "its share of the CPU, 1 to 10000 (100, and 10 more a priority)"),
    ("tasks_max", quantities.tasks, "N", "processes and threads that it may have"),
)


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= 1e9:
        raise argparse.ArgumentTypeError(f"must be a number of seconds, 0 or above, not {text!r}")
    return seconds
