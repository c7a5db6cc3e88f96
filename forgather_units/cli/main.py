"""The entry of `forgather`: its commands in a table, and the only place that prints errors."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from typing import Any, Final, Protocol, cast

from forgather_units import __version__
from forgather_units.cli import aliases, forgathers_command
from forgather_units.cli.errors import Usage
from forgather_units.cli.parser import Parser
from forgather_units.cli.streams import discard_output, open_streams
from forgather_units.cli.terminal import protect_terminals, release_terminals
from forgather_units.domain.errors import BadSettings, ForgatherError, Refused
from forgather_units.domain.unknown_name import suggestion
from forgather_units.host.session import correct_session

_FAILED: Final = 1
_WRONG_USAGE: Final = 2
# As shells report the end by a signal: 128 + SIGINT, 128 + SIGPIPE.
_INTERRUPTED: Final = 130
_BROKEN_PIPE: Final = 141
_AFTER: Final = "tb"
"""The command behind which the list has those of the other kinds of viewer."""


class _Noun(Protocol):
    """A module with one command: its parser's arguments, each leaf with its `run`."""

    def add_arguments(self, parser: Parser) -> None: ...


# The commands' descriptions are here, so that listing them imports none: `service-unit` is in service_unit.py. Each
# kind of viewer in viewers/table.py has a command too, named as its segment: its module here, or a generic one.
_NOUNS: Final[dict[str, str]] = {
    "server": "run the server: queue, units, and the one address",
    "tb": "a TensorBoard: in the foreground, or with --enqueue as a job of the server",
    "ls": "the configs of a project: name, class and output folder",
    "logs": "logs of trainings: a list of runs, a summary, a plot",
    "job": "active and ended jobs: list, status, tail, dump, kill, wake, sleep, restart, remove, cleanup, ...",
    "sched": "the queue: status, list, priority, pause, resume, cancel, cleanup, gc",
    "service": "declared services: list, status, add, enable, disable, remove, start, stop",
    "config": "the settings: show, check, edit",
    "service-unit": "your server as a systemd user unit, after an installation by pip: install, remove, status",
    "login": "store the token of another server, for commands with --server",
    "login-url": "print a one-time sign-in link (valid for 15 minutes)",
    "jupyter": "your server at a unix socket, for the tile in JupyterLab's launcher",
    "doctor": "which features this host supports, and how to fix the others",
    "completion": "a script that completes commands, flags and the ids of jobs in bash, zsh or fish",
    "sandbox": "a private systemd where none is booted (needs root)",
    "demo": "a server with a TensorBoard of sample runs; Ctrl-C ends it and leaves nothing",
}


def _noun(name: str) -> _Noun:
    return cast(_Noun, import_module(f"forgather_units.cli.commands.{name.replace('-', '_')}"))


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 for an error, 2 for wrong usage."""
    typed = sys.argv[1:] if argv is None else list(argv)
    foreign = _foreign_word(typed)
    if foreign and (command := forgathers_command.installed()) is not None:
        # Before anything below: the streams, the terminal and the end of the process are that command's.
        try:
            forgathers_command.run(command, _expanded(typed))
        except ForgatherError as error:
            return _say(error)
    if not open_streams():
        return _FAILED
    protect_terminals()
    correct_session()
    try:
        if foreign in forgathers_command.COMMANDS or foreign in forgathers_command.OPTIONS:
            raise forgathers_command.missing(foreign)
        code = _run(typed)
        sys.stdout.flush()
    except Usage as wrong:
        wrong.hint = wrong.hint or _hint_at_forgather(typed)
        return _say(wrong)
    except ForgatherError as error:
        return _say(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        discard_output()
        return _BROKEN_PIPE
    except FileNotFoundError:
        if _has_current_folder():
            raise
        return _say(Refused("the current folder was deleted", hint="cd to another one, or to the same path again"))
    finally:
        release_terminals()
    return code


def build_parser(words: Sequence[str] | None = None) -> Parser:
    """The parser of all commands; with `words`, a command line, it has only what those need, and imports only that."""
    parser = Parser(
        prog="forgather",
        description="Queue TensorBoards as systemd units and open them through one authenticated address.",
        epilog="Aliases: ps = job list, stop = job kill, rm = job remove, help = --help, version = --version."
        " Other commands (train, eval, gpu, ...) go on to Forgather's own, if it is installed in the same environment.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"forgather {__version__}")
    parser.add_argument("-p", "--project-dir", metavar="DIR", help="the project (default: that of the current folder)")
    parser.add_argument(
        "-t", "--config-template", metavar="CONFIG", help="a config of the project (default: that of its meta.yaml)"
    )
    parser.add_argument("--server", metavar="URL", help="the server, as behind the command")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    typed = None if words is None else _command_of(words)
    for name, meaning in _NOUNS.items():
        command = commands.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        if typed is None or name == typed:
            _noun(name).add_arguments(command)
        if name == _AFTER and typed not in _NOUNS:
            _add_viewers(commands, typed)
    return parser


def _add_viewers(commands: Any, typed: str | None) -> None:
    """A command for each kind of viewer that has no module here."""
    from forgather_units.viewers.table import KINDS

    for kind in KINDS.values():
        if kind.segment in _NOUNS:
            continue
        meaning = f"{kind.noun}: in the foreground, or with --enqueue as a job of the server"
        command = commands.add_parser(kind.segment, help=meaning, description=meaning, allow_abbrev=False)
        if typed is None or kind.segment == typed:
            import_module("forgather_units.cli.commands.viewer").add_arguments(command, kind)


def _foreign_word(typed: Sequence[str]) -> str:
    """The command, if this program does not have it, or an option of Forgather's in front of it; empty for others."""
    words = aliases.expanded(typed[: _cut(typed)])
    at = aliases.command_at(words)
    front = words[:at] if at >= 0 else words
    for word in front:
        if word in forgathers_command.OPTIONS:
            return word
    command = _command_of(words)
    return "" if not command or _is_ours(command) else command


def _hint_at_forgather(typed: Sequence[str]) -> str:
    """How to run Forgather's own command, where both programs have one of this name; empty if there is none."""
    command = forgathers_command.installed()
    noun = _command_of(aliases.expanded(typed[: _cut(typed)]))
    return forgathers_command.hint(command, noun) if command is not None else ""


def _is_ours(command: str) -> bool:
    return command in _NOUNS or any(kind.segment == command for kind in _kinds())


def _expanded(typed: Sequence[str]) -> list[str]:
    """The same words with an alias replaced; what follows `--` is unchanged."""
    cut = _cut(typed)
    return [*aliases.expanded(typed[:cut]), *typed[cut:]]


def _cut(typed: Sequence[str]) -> int:
    return typed.index("--") if "--" in typed else len(typed)


def _command_of(words: Sequence[str]) -> str:
    """The command in `words`; empty if there is none."""
    at = aliases.command_at(words)
    return words[at] if at >= 0 else ""


def _run(argv: list[str]) -> int:
    # argparse treats what follows `--` differently from version to version.
    cut = _cut(argv)
    words = aliases.expanded(argv[:cut])
    parser = build_parser(words)
    if not argv:
        # Without arguments: list the commands.
        parser.print_help(sys.stderr)
        return _WRONG_USAGE
    command = _command_of(words)
    if command and command not in parser.verbs:
        raise Usage(f"unknown command {command!r}{_similar_command(command)}", see="forgather --help")
    try:
        args = parser.parse_words(words)
    except SystemExit as done:
        return int(done.code or 0)
    args.rest = argv[cut + 1 :]
    # For `forgather completion`, which needs the parser of another command line.
    args.build = build_parser
    if args.rest and not getattr(args, "takes_rest", False):
        raise Usage(f"nothing may follow -- here, and {args.rest[0]!r} does", see=args.see)
    try:
        return int(args.run(args))
    except Usage as wrong:
        wrong.see = wrong.see or args.see
        raise


def _similar_command(word: str) -> str:
    """A hint at the command, or at the commands that have a verb of this name."""
    whole = build_parser()
    holders = [f"{noun} {word}" for noun, parser in whole.verbs.items() if word in parser.verbs]
    if holders:
        return f" (did you mean {' or '.join(map(repr, holders))}?)"
    kinds = {kind.name: kind.segment for kind in _kinds()}
    return f" (did you mean {kinds[word]!r}?)" if word in kinds else suggestion(word, whole.verbs)


def _kinds() -> Any:
    from forgather_units.viewers.table import KINDS

    return KINDS.values()


def _has_current_folder() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - Path.cwd() is the same call
    except FileNotFoundError:
        return False
    return True


def _say(error: ForgatherError) -> int:
    # Standard error may be full or closed too.
    with suppress(OSError):
        print(f"forgather: {error.message}", file=sys.stderr)
        if error.hint:
            print(f"hint: {error.hint}", file=sys.stderr)
        if isinstance(error, Usage) and error.see:
            print(f"see: {error.see}", file=sys.stderr)
    return _WRONG_USAGE if isinstance(error, Usage | BadSettings) else _FAILED


if __name__ == "__main__":
    sys.exit(main())
