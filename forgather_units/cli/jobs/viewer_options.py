"""The options of a kind of viewer as arguments of a command, and the job_params that were given."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import Any, Final

from forgather_units.cli.errors import Usage
from forgather_units.cli.folders import absolute
from forgather_units.cli.parser import Parser
from forgather_units.viewers.contract.kind import Kind
from forgather_units.viewers.contract.option import FieldType, Option
from forgather_units.viewers.contract.shared_options import PLACING_OPTIONS

Params = dict[str, Any]

_SWITCHED_ON: Final[dict[str, Any]] = {"action": "store_const", "const": True}
_NEEDS_ENQUEUE: Final = ("wait", "open", "follow")


def add_options(group: argparse._ArgumentGroup, options: Iterable[Option], kind: Kind) -> None:
    """An argument for each option; missing ones are None."""
    for each in options:
        flags = [each.short, each.our_flag] if each.short else [each.our_flag]
        said: dict[str, Any] = {
            "dest": each.name,
            "help": each.help.format(noun=kind.noun, default=each.default),
        }
        if each.type.field_type is FieldType.TRUTH:
            said |= {"action": "store_const", "const": not each.switches_off}
        elif each.type.field_type is FieldType.PATHS:
            said |= {"action": "append", "metavar": each.metavar}
        else:
            said |= {"metavar": each.metavar, "default": each.if_not_given or None}
            if each.type.typed:
                said["type"] = _typed(each.type.typed)
        group.add_argument(*flags, **said)
        if each.switches_off:
            # The default, which Forgather's own command can spell out.
            group.add_argument(f"--{each.name}", dest=each.name, help=argparse.SUPPRESS, **_SWITCHED_ON)


def add_job_options(parser: Parser, kind: Kind) -> None:
    """All that needs `--enqueue`, and `--enqueue` itself."""
    add_options(parser.add_argument_group("its socket and its limits (with --enqueue)"), PLACING_OPTIONS, kind)
    parser.add_argument("--dry-run", action="store_true", help="print the command line and do nothing")
    queue = parser.add_argument_group("as a job")
    queue.add_argument("--enqueue", action="store_true", help="queue it on the server: it outlives this shell")
    queue.add_argument("--priority", type=int, default=0, metavar="N", help="higher goes first (0)")
    queue.add_argument("--wait", action="store_true", help="return when it answers")
    queue.add_argument("--open", action="store_true", help="wait, print its address, open it in a browser")
    queue.add_argument("--follow", action="store_true", help="print its output until it ends")


def given_options(args: argparse.Namespace, options: Iterable[Option]) -> Params:
    """The job_params that were given on the command line, by their names in the API; paths are absolute, since the
    server has another current folder. Raises Refused."""
    given = {each.name: _given(each, getattr(args, each.name)) for each in options}
    return {name: value for name, value in given.items() if value is not None}


def given_placing(args: argparse.Namespace) -> Params:
    """The given options that are the job's, not the viewer's. Raises Usage.

    A job takes no arguments behind `--`, and nothing that a job alone has is taken without `--enqueue`.
    """
    if args.rest and args.enqueue:
        raise Usage("arguments after -- are for the foreground: a job takes the options that --help names")
    placing = given_options(args, PLACING_OPTIONS)
    if not args.enqueue:
        for name in (*placing, *(name for name in _NEEDS_ENQUEUE if getattr(args, name))):
            raise Usage(f"--{name.replace('_', '-')} is for a job: add --enqueue")
    return placing


def _given(option: Option, value: Any) -> Any:
    if value is None or option.type.typed:
        return value
    match option.type.field_type:
        case FieldType.PATH:
            # An empty path stays empty, and is refused.
            return absolute(value, option.name) if value else ""
        case FieldType.PATHS:
            return [absolute(path, option.name) for path in value]
        case FieldType.TRUTH:
            return value
    # Checked here for the foreground and for --dry-run, which ask no server.
    return option.parse({option.name: value}, option.name)


def _typed(parse: Callable[[str], Any]) -> Callable[[str], Any]:
    def parsed(text: str) -> Any:
        try:
            return parse(text)
        except ValueError as why:
            raise argparse.ArgumentTypeError(f"{why}, not {text!r}") from None

    return parsed
