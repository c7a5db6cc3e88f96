"""The parser of every command: argparse, with one sentence for a mistake, which names the wrong word."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from typing import Any, Final, NoReturn

from forgather_units.cli import aliases
from forgather_units.cli.errors import Usage
from forgather_units.domain.unknown_name import suggestion

Verbs = dict[str, "Parser"]

_NUMBER: Final = re.compile(r"-\d+|-\d*\.\d+")
_ABOUT_ARGUMENT: Final = re.compile(r"argument ([^:]+): (.*)", re.DOTALL)
_MISSING: Final = "the following arguments are required: "
_SENTENCES: Final = (
    (re.compile(r"expected .*argument.*"), r"needs a value"),
    (re.compile(r"ignored explicit argument (.*)"), r"takes no value, not even \1"),
    (re.compile(r"invalid int value: (.*)", re.DOTALL), r"must be a whole number, not \1"),
    (re.compile(r"not allowed with argument (.*)"), r"and \1 exclude each other"),
)
"""argparse's remarks on an argument, and ours, which follow its name."""


class Parser(argparse.ArgumentParser):
    """Raises Usage instead of printing the usage; `see` in the namespace is the command that prints the help."""

    def __init__(self, *args: Any, **how: Any) -> None:
        super().__init__(*args, **how)
        self.set_defaults(see=self._see)

    @property
    def _see(self) -> str:
        return f"{self.prog} --help"

    @property
    def verbs(self) -> Verbs:
        """The parsers of its verbs; empty if it has none."""
        found = (each.choices for each in self._actions if isinstance(each, argparse._SubParsersAction))
        return next(found, {})

    @property
    def flags(self) -> list[str]:
        """All of its options."""
        return list(self._option_string_actions)

    @property
    def arguments(self) -> list[argparse.Action]:
        """Its arguments that are neither options nor verbs."""
        left = (each for each in self._actions if not each.option_strings)
        return [each for each in left if not isinstance(each, argparse._SubParsersAction)]

    def action_of(self, flag: str) -> argparse.Action | None:
        """The option that `flag` names; TensorBoard's spelling with underscores is accepted."""
        known = self._option_string_actions
        return known.get(flag) or (known.get(flag.replace("_", "-")) if flag.startswith("--") else None)

    def take_word_as(self, flag: str, metavar: str) -> None:
        """Accept a first word without a flag as the value of `flag`: `forgather tb runs`."""
        self.set_defaults(first_word=flag)
        self.usage = f"%(prog)s [{metavar}] [option ...]"

    def resolved(self, words: Sequence[str], above: tuple[Parser, ...] = ()) -> list[str]:
        """`words` with each verb and flag as the parsers have them. Raises Usage for the first one that none has.

        argparse itself complains about another word: of `--logdri runs` it takes `runs` for a verb.
        """
        done: list[str] = []
        # First in the result: argparse takes words between options for too many.
        others: list[str] = []
        left = list(words)
        verbs, first_flag = self.verbs, self.get_default("first_word")
        first: list[str] = []
        is_word = False
        while left:
            word = left.pop(0)
            if _is_option(word):
                flags, takes = self._option(word, left, above)
                while takes and left and not _is_option(left[0]):
                    flags.append(left.pop(0))
                    takes = takes if takes < 0 else takes - 1
                done += flags
                if first_flag and self._is_same(flags[0].partition("=")[0], first_flag):
                    first.append(flags[-1].removeprefix(f"{first_flag}="))
            elif verbs and word == aliases.HELP:
                left.append("--help")
            elif verbs and (found := aliases.verb_for(word, left, verbs)) is not None:
                verb, rest = found
                return [*done, verb, *verbs[verb].resolved(rest, (*above, self))]
            elif first_flag:
                done.append(f"{first_flag}={word}")
                first.append(word)
                is_word = True
            elif verbs:
                raise Usage(f"unknown verb {word!r}{suggestion(word, verbs)}", see=self._see)
            else:
                others.append(word)
        if is_word and len(first) > 1:
            raise Usage(f"unexpected word {first[1]!r}: {first_flag} is {first[0]!r} already", see=self._see)
        return [*others, *done]

    def parse_words(self, words: Sequence[str]) -> argparse.Namespace:
        """The parsed `words`. Raises Usage; SystemExit after `--help` and `--version`."""
        args, more = self.parse_known_args(self.resolved(words))
        if more:
            raise Usage(f"unexpected word {more[0]!r}", see=args.see)
        return args

    def error(self, message: str) -> NoReturn:
        """Called by argparse for a mistake. Raises Usage."""
        raise Usage(self._sentence(message), see=self._see)

    def _sentence(self, message: str) -> str:
        if message.startswith(_MISSING):
            names = message.removeprefix(_MISSING)
            if self.verbs and names in ("VERB", "COMMAND"):
                return f"a {names.lower()} is missing: {', '.join(self.verbs)}"
            return f"{names} {'are' if ', ' in names else 'is'} missing"
        about = _ABOUT_ARGUMENT.fullmatch(message)
        if about is None:
            return message
        name, remark = about[1].rpartition("/")[2], about[2]
        for pattern, ours in _SENTENCES:
            if pattern.fullmatch(remark):
                return f"{name} {pattern.sub(ours, remark)}"
        return f"{name} {remark}"

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is None or value in action.choices:
            return
        known = list(map(str, action.choices))
        near = suggestion(str(value), known)
        raise argparse.ArgumentError(action, f"must be one of {', '.join(known)}, not {str(value)!r}{near}")

    def _option(self, word: str, rest: Sequence[str], above: tuple[Parser, ...]) -> tuple[list[str], int]:
        """The words for the option `word`, and the number of values that follow it, -1 for any number."""
        flag, equals, value = word.partition("=")
        action = self.action_of(flag)
        if action is not None:
            spelled = flag if flag in action.option_strings else flag.replace("_", "-")
            return [f"{spelled}{equals}{value}"], 0 if equals else _values(action)
        if not word.startswith("--") and (action := self.action_of(word[:2])) is not None:
            # `-ofile`, or several flags in one word.
            if action.nargs == 0:
                more, takes = self._option(f"-{word[2:]}", rest, above)
                return [word[:2], *more], takes
            return [word], 0
        raise Usage(self._unknown_option(flag, rest, above), see=self._see)

    def _is_same(self, flag: str, other: str) -> bool:
        return self.action_of(flag) is self.action_of(other)

    def _unknown_option(self, flag: str, rest: Sequence[str], above: tuple[Parser, ...]) -> str:
        for outer in above:
            if outer.action_of(flag) is not None:
                inner = self.prog.removeprefix(outer.prog).split()[0]
                return f"option {flag!r} goes before {inner!r}"
        inner_parser = self
        for word in rest:
            inner_parser = inner_parser.verbs.get(word, inner_parser)
        if inner_parser.action_of(flag) is not None:
            return f"option {flag!r} goes after {inner_parser.prog.rpartition(' ')[2]!r}"
        return f"unknown option {flag!r}{suggestion(flag, self._option_string_actions)}"


def _is_option(word: str) -> bool:
    return word.startswith("-") and word != "-" and not _NUMBER.fullmatch(word)


def _values(action: argparse.Action) -> int:
    match action.nargs:
        case None:
            return 1
        case int(count):
            return count
        case "?":
            return 1
    return -1
