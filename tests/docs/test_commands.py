"""Every command and flag in a document exists in the parser, and every command is in a document."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from docs.documents import DOCUMENTS, code, commands

from forgather_units.cli import forgathers_command
from forgather_units.cli.main import build_parser

COMMANDS = [(file, words) for file in DOCUMENTS for words in commands(file.read_text()) if words]
_FLAG = re.compile(r"--[a-z][a-z0-9-]*|-[a-z]")
# Flags of other programs, and TensorBoard's own if it spells them differently.
_OTHERS = {
    "--user",
    "--path_prefix",
    "--bind_all",
    "--load_fast",
    "--constraint",
    "--privileged",
    "--network",
    "-u",
    "-f",
    "-k",
    "-m",
    *forgathers_command.OPTIONS,
}


def _subparsers(parser: argparse.ArgumentParser) -> Any:
    """The parser's action with its subcommands, or None."""
    return next((each for each in parser._actions if isinstance(each, argparse._SubParsersAction)), None)


def _verbs(parser: argparse.ArgumentParser) -> Mapping[str, argparse.ArgumentParser]:
    subparsers = _subparsers(parser)
    return subparsers.choices if subparsers else {}


def _options(parser: argparse.ArgumentParser) -> set[str]:
    return {option for action in parser._actions for option in action.option_strings}


def _walk(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, parser
    for name, below in _verbs(parser).items():
        yield from _walk(below, (*path, name))


EVERY_OPTION = {option for _, parser in _walk(build_parser()) for option in _options(parser)}


@pytest.mark.parametrize(
    ("file", "words"), COMMANDS, ids=[f"{file.name} {' '.join(words)}" for file, words in COMMANDS]
)
def test_every_command_exists(file: Path, words: list[str]) -> None:
    parser = build_parser()
    known = dict(parser._option_string_actions)
    remaining = iter(words)
    for word in remaining:
        if word.startswith("-"):
            flag, _, value = word.partition("=")
            assert flag in known, f"{flag} is not one of {sorted(known)}"
            if known[flag].nargs is None and not value:
                next(remaining)
        elif word == "..." or word in forgathers_command.COMMANDS:
            return
        elif subparsers := _subparsers(parser):
            verbs = word.split("|")
            assert set(verbs) <= set(subparsers.choices) or not subparsers.required, f"no subcommand: {word}"
            if verbs[0] in subparsers.choices:
                parser = subparsers.choices[verbs[0]]
                known = known | parser._option_string_actions


@pytest.mark.parametrize("file", DOCUMENTS, ids=lambda file: file.name)
def test_every_flag_exists(file: Path) -> None:
    named = {part for text in code(file.read_text()) if text.startswith("-") for part in _FLAG.findall(text)[:1]}
    assert named - EVERY_OPTION - _OTHERS == set()


def test_every_command_is_in_a_document() -> None:
    named = {
        (noun, verb)
        for _, words in COMMANDS
        for noun, verbs in [[*(word for word in words if not word.startswith("-")), ""][:2]]
        for verb in verbs.split("|")
    }
    for path, parser in _walk(build_parser()):
        if path and not _verbs(parser):
            assert path in named or path in {(noun,) for noun, _ in named}, " ".join(path)
