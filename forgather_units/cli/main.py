"""The entry of `forgather`: its commands in a table, and the one place where an error becomes a sentence."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, Protocol, cast

from forgather_units import __version__
from forgather_units.cli.errors import Usage
from forgather_units.domain.errors import BadSettings, ForgatherError

_FAILED: Final = 1
_WRONG_USAGE: Final = 2
# As a shell says of a program that a signal ended: 128 + SIGINT, 128 + SIGPIPE.
_INTERRUPTED: Final = 130
_NOBODY_READS: Final = 141


class _Noun(Protocol):
    """A module with one command: its parser's arguments, each leaf with its `run`."""

    HELP: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...


# Imported when it is asked for: all of them together would cost each command a third of a second.
_NOUNS: Final[dict[str, str]] = {
    "server": "server",
    "tb": "tb",
    "mkdocs": "mkdocs",
    "ls": "ls",
    "logs": "logs",
    "job": "job",
    "sched": "sched",
    "service": "service",
    "config": "config",
    "service-unit": "service_unit",
    "login-url": "login_url",
    "doctor": "doctor",
    "sandbox": "sandbox",
    "demo": "demo",
}
_BEFORE_NOUN: Final = ("-p", "--project-dir", "-t", "--config-template")
"""Options of the command as a whole; each takes a value."""


def _noun(name: str) -> _Noun:
    return cast(_Noun, import_module(f"forgather_units.cli.{_NOUNS[name]}"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for an error, 2 for wrong usage."""
    for stream in (sys.stdout, sys.stderr):
        # A file name may hold bytes that are no text: they are shown, not stumbled over.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        sys.stdout.flush()
    except ForgatherError as error:
        return _say(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # Else the interpreter complains about it at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    return code


def build_parser(only: str | None = None) -> argparse.ArgumentParser:
    """The parser of all commands, or of `only` one."""
    parser = argparse.ArgumentParser(
        prog="forgather",
        description="Queue TensorBoards as systemd units and open them through one authenticated address.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"forgather {__version__}")
    parser.add_argument("-p", "--project-dir", metavar="DIR", help="the project (default: that of the current folder)")
    parser.add_argument(
        "-t", "--config-template", metavar="CONFIG", help="a config of the project (default: that of its meta.yaml)"
    )
    nouns = parser.add_subparsers(metavar="COMMAND", required=True)
    for name in [only] if only else _NOUNS:
        noun = _noun(name)
        noun.add_arguments(nouns.add_parser(name, help=noun.HELP, description=noun.HELP, allow_abbrev=False))
    return parser


def _asked_for(argv: list[str]) -> str | None:
    """The command that is named, as far as that is certain."""
    words = iter(argv)
    for word in words:
        if word in _BEFORE_NOUN:
            next(words, None)
        elif not word.startswith("-"):
            return word if word in _NOUNS else None
        elif word.partition("=")[0] not in _BEFORE_NOUN:
            return None
    return None


def _run(argv: list[str]) -> int:
    # argparse treats what follows `--` differently from version to version.
    cut = argv.index("--") if "--" in argv else len(argv)
    parser = build_parser()
    if not argv:
        # Whoever types the name alone wants to know what there is.
        parser.print_help(sys.stderr)
        return _WRONG_USAGE
    try:
        args = parser.parse_args(argv[:cut])
    except SystemExit as done:
        return int(done.code or 0)
    args.rest = argv[cut + 1 :]
    if args.rest and not getattr(args, "takes_rest", False):
        raise Usage(f"nothing may follow -- here, and {args.rest[0]!r} does")
    return int(args.run(args))


def _say(error: ForgatherError) -> int:
    print(f"forgather: {error.message}", file=sys.stderr)
    if error.hint:
        print(f"hint: {error.hint}", file=sys.stderr)
    return _WRONG_USAGE if isinstance(error, Usage | BadSettings) else _FAILED


if __name__ == "__main__":
    sys.exit(main())
