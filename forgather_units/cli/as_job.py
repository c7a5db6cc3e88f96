"""What every kind of viewer has on the command line: where it listens, its socket, its limits, its life as a job."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import fields
from typing import Any, Final, Literal

from forgather_units.cli.errors import Usage
from forgather_units.domain import quantities
from forgather_units.domain.listening import AUTO
from forgather_units.domain.placement import Placing

Params = dict[str, Any]

_NEEDS_ENQUEUE: Final = ("wait", "open", "follow")


def add_listening(group: Any, usual_port: int) -> None:
    """`--port`, `--bind-all` and `--host`."""
    group.add_argument("--port", type=_port, help=f"1 to 65535, or auto: the lowest free one ({usual_port})")
    group.add_argument("--bind-all", action="store_true", help="listen on all addresses: that port asks no password")
    group.add_argument("--host", metavar="H", help="address of this machine to listen on (127.0.0.1)")


def add_job_options(parser: argparse.ArgumentParser, noun: str) -> None:
    """All that needs `--enqueue`, and `--enqueue` itself."""
    socket = parser.add_argument_group("its socket and its limits (with --enqueue)")
    socket.add_argument("--private", action="store_true", help="no TCP port: it opens through the server alone")
    socket.add_argument("--lazy", action="store_true", help="queue it asleep: no memory before the first look")
    socket.add_argument("--direct", action="store_true", help=f"let {noun} have the port itself: no sleep")
    for name, parse, metavar, meaning in _QUANTITIES:
        socket.add_argument(f"--{name.replace('_', '-')}", type=_quantity(parse), metavar=metavar, help=meaning)
    parser.add_argument("--dry-run", action="store_true", help="print the command line and do nothing")
    queue = parser.add_argument_group("as a job")
    queue.add_argument("--enqueue", action="store_true", help="queue it on the server: it outlives this shell")
    queue.add_argument("--priority", type=int, default=0, metavar="N", help="higher goes first (0)")
    queue.add_argument("--wait", action="store_true", help="return when it answers")
    queue.add_argument("--open", action="store_true", help="wait, print its address, open it in a browser")
    queue.add_argument("--follow", action="store_true", help="print its output until it ends")


def job_params(args: argparse.Namespace) -> Params:
    """The given options that are the job's, not the viewer's, by their names in the API. Raises Usage.

    A job takes no arguments behind `--`, and nothing that a job alone has is taken without `--enqueue`.
    """
    if args.rest and args.enqueue:
        raise Usage("arguments after -- are for the foreground: a job takes the options that --help names")
    given = {each.name: getattr(args, each.name) for each in fields(Placing)}
    placing = {name: value for name, value in given.items() if value is not None and value is not False}
    if not args.enqueue:
        for option in (*placing, *(name for name in _NEEDS_ENQUEUE if getattr(args, name))):
            raise Usage(f"--{option.replace('_', '-')} is for a job: add --enqueue")
    return placing


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


_QUANTITIES: Final = (
    (
        "idle_timeout",
        quantities.idle_timeout,
        "T",
        "time without a connection after which it sleeps: 90, 15min, 2h or never",
    ),
    ("memory_high", quantities.memory, "SIZE", "memory above which it is slowed down, such as 1G"),
    ("memory_max", quantities.memory, "SIZE", "memory above which it is killed, such as 2G"),
    ("cpu_weight", quantities.cpu_weight, "N", "its share of the CPU, 1 to 10000 (100, and 10 more a priority)"),
    ("tasks_max", quantities.tasks, "N", "processes and threads that it may have"),
)
