"""What may be in the place of the last word of a command line."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from forgather_units.cli import aliases
from forgather_units.cli.connection.client import Client, Record, connect
from forgather_units.cli.jobs.states import STATES, is_ended, state
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import plain
from forgather_units.domain.declaration import is_service_name
from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.queue_id import is_queue_id

# Printed in place of words where the shell completes paths.
FILES: Final = ":files"
FOLDERS: Final = ":folders"
_PATHS: Final = {"DIR": FOLDERS, "FILE": FILES, "PATH": FILES}
"""By the name of a value in the help."""
_LISTS: Final[dict[str, Callable[[], Iterable[str]]]] = {"status": lambda: STATES, "kind": lambda: _kinds()}
"""Options with names between commas."""
_LEVELS: Final = ("DEBUG", "INFO", "WARNING", "ERROR")
_MANY: Final = ("*", "+", argparse.REMAINDER)
# For a server that does not respond (seconds): a shell waits.
_PATIENCE: Final = 2.0
_MOST_SHOWN: Final = 60

Build = Callable[[Sequence[str]], Parser]
Candidate = tuple[str, str]
"""A word, and its meaning (may be empty)."""


@dataclass(slots=True)
class _Place:
    """The place of the last word: in the command of `parser`, behind `given` words; `option` is the one whose value it
    is."""

    parser: Parser
    given: list[str] = field(default_factory=list)
    option: argparse.Action | None = None
    server: str | None = None


def split(line: str) -> list[str]:
    """The words of an incomplete command line of a shell, without its command; the last one may be empty."""
    # It marks the end of the line, which may be inside of a quoted text.
    end = "\x01"
    for quote in ("", '"', "'"):
        with suppress(ValueError):
            words = shlex.split(line + end + quote)
            return [*words[1:-1], words[-1].removesuffix(end)]
    return [""]


def candidates(build: Build, words: Sequence[str]) -> list[Candidate]:
    """What may be in the place of the last one of `words`; FILES or FOLDERS alone for paths."""
    *before, last = words or [""]
    if "--" in before:
        return [(FILES, "")]
    # `help job` is `job --help`.
    before = aliases.expanded(before) if before != [aliases.HELP] else []
    place = _place(build([*before, last]), before)
    flag, equals, begun = last.partition("=")
    if last.startswith("--") and equals:
        option = place.parser.action_of(flag)
        return _values(option, begun) if option else []
    if place.option is not None:
        return _values(place.option, last)
    if last.startswith("-"):
        return list(_flags(place.parser))
    return _words(place)


def _place(parser: Parser, before: Sequence[str]) -> _Place:
    place = _Place(parser)
    many = False
    for at, word in enumerate(before):
        if word.startswith("-") and word != "-":
            flag, equals, value = word.partition("=")
            action = place.parser.action_of(flag)
            takes = action is not None and action.nargs != 0 and not equals
            place.option, many = (action, action.nargs in _MANY) if action and takes else (None, False)
            if flag == "--server" and equals:
                place.server = value
        elif place.option is not None:
            if place.option.dest == "server":
                place.server = word
            place.option = place.option if many else None
        elif (found := aliases.verb_for(word, before[at + 1 :], place.parser.verbs)) is not None:
            place.parser, place.given = place.parser.verbs[found[0]], []
        else:
            place.given.append(word)
    return place


def _values(option: argparse.Action, begun: str) -> list[Candidate]:
    if option.choices:
        return [(str(each), "") for each in option.choices]
    if option.dest in _LISTS:
        before = begun[: begun.rfind(",") + 1]
        return [(before + each, "") for each in _LISTS[option.dest]()]
    if option.dest == "log_level":
        return [(each, "") for each in _LEVELS]
    paths = _PATHS.get(str(option.metavar))
    return [(paths, "")] if paths else []


def _flags(parser: Parser) -> Iterator[Candidate]:
    for flag in parser.flags:
        action = parser.action_of(flag)
        if action is not None and action.help != argparse.SUPPRESS:
            yield flag, action.help or ""


def _words(place: _Place) -> list[Candidate]:
    parser = place.parser
    if parser.verbs and parser.get_default("first_word") is None:
        return list(_verbs(parser))
    if parser.get_default("first_word") is not None:
        option = parser.action_of(parser.get_default("first_word"))
        return _values(option, "") if option and not place.given else []
    argument = _argument(parser, len(place.given))
    if argument is None:
        return []
    match argument.dest:
        case "id":
            return [each for each in _jobs(place) if each[0] not in place.given]
        case "name" if parser.prog.split()[-1] != "add":
            return list(_services(place))
        case "args":
            return [(f"{name}=", meaning) for name, meaning in _options_of(place.given[0])]
    return _values(argument, "")


def _argument(parser: Parser, at: int) -> argparse.Action | None:
    """The argument at the index `at`; the last one may take many words."""
    arguments = parser.arguments
    if at < len(arguments):
        return arguments[at]
    return arguments[-1] if arguments and arguments[-1].nargs in _MANY else None


def _verbs(parser: Parser) -> Iterator[Candidate]:
    verbs = parser.verbs
    for verb, leaf in verbs.items():
        yield verb, leaf.description or ""
    outer = aliases.COMMANDS.items() if "job" in verbs else ()
    yield from ((alias, " ".join(words)) for alias, words in outer)
    yield from ((alias, verb) for alias, verb in aliases.VERBS.items() if verb in verbs and alias not in verbs)
    yield aliases.HELP, "--help"


def _jobs(place: _Place) -> Iterator[Candidate]:
    """The ids that the command can act on."""
    verb = place.parser.prog.split()[-1]
    for job in _records(place, "/api/jobs?limit=100"):
        ended = is_ended(job)
        if is_queue_id(queue_id := str(job.get("queue_id"))) and _acts_on(verb, job, ended):
            yield queue_id, f"{state(job)}: {plain(str(job.get('title'))[:_MOST_SHOWN])}"


def _acts_on(verb: str, job: Record, ended: bool) -> bool:
    match verb:
        case "remove":
            return ended
        case "kill" | "force-kill" | "cancel" | "wait" | "sleep" | "wake":
            return not ended
        case "priority":
            return job.get("status") == "queued"
    return True


def _services(place: _Place) -> Iterator[Candidate]:
    for said in _records(place, "/api/services"):
        service = said.get("service")
        if not isinstance(service, dict) or service.get("type") != place.given[0]:
            continue
        if is_service_name(name := service.get("name")):
            yield str(name), str(said.get("status") or "") if service.get("enabled") else "disabled"


def _records(place: _Place, path: str) -> list[Record]:
    """None if the server cannot be asked."""
    try:
        client: Client = connect(place.server, patience=_PATIENCE)
        return client.objects(path)
    except ForgatherError:
        return []


def _kinds() -> Iterable[str]:
    from forgather_units.viewers.table import KINDS

    return KINDS


def _options_of(kind: str) -> Iterator[Candidate]:
    from forgather_units.viewers.table import KINDS

    for option in KINDS[kind].all_options if kind in KINDS else ():
        yield option.name, option.help.format(noun=KINDS[kind].noun, default=option.default)
