"""`forgather service add`: the declaration from flags and KEY=VALUE, and its differences from the one that exists."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from forgather_units.cli.connection.client import Client, Record
from forgather_units.cli.errors import Usage
from forgather_units.cli.folders import absolute
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import plain
from forgather_units.domain.errors import Conflict
from forgather_units.domain.unknown_name import suggestion
from forgather_units.viewers.contract.option import FieldType, Option
from forgather_units.viewers.table import KINDS

PATH: Final = "/api/services"


def add_arguments(leaf: Parser) -> None:
    meaning = "such as logdir=/runs port=6010 idle_timeout=2h; a word without = is the folder or file that it shows"
    leaf.add_argument("args", nargs="*", metavar="KEY=VALUE", help=meaning)
    leaf.add_argument("--disabled", action="store_true", help="declare it without starting it")
    leaf.add_argument("--replace", action="store_true", help="replace the service of this name, which restarts it")
    group = leaf.add_argument_group("the same as flags")
    for option in _options().values():
        flags = [option.short, option.our_flag] if option.short else [option.our_flag]
        said: dict[str, Any] = {"dest": option.name, "help": _help(option)}
        if option.type.field_type is FieldType.TRUTH:
            said |= {"action": "store_const", "const": not option.switches_off}
        elif option.type.field_type is FieldType.PATHS:
            said |= {"action": "append", "metavar": option.metavar}
        else:
            said |= {"metavar": option.metavar}
        group.add_argument(*flags, **said)


def run(args: argparse.Namespace, client: Client) -> tuple[Record, list[str]]:
    """Declare the service; the server's answer, and a line for each difference from the one that it replaces.

    Raises Usage, and Conflict if another one of this name exists and --replace is not given.
    """
    given = _given(args)
    body = {"type": args.type, "name": args.name, "enabled": not args.disabled, "args": given}
    changes = _changes(client, args, body)
    if changes and not args.replace:
        raise Conflict(
            f"{args.type} {args.name} exists: {'; '.join(changes)}", hint="--replace replaces it, which restarts it"
        )
    return client.object("POST", PATH, body), changes


def _given(args: argparse.Namespace) -> dict[str, Any]:
    kind = KINDS[args.type]
    options = {option.name: option for option in kind.all_options}
    pairs = [_pair(word, kind.required) for word in args.args]
    for name, option in _options().items():
        if (value := getattr(args, name)) is not None:
            if name not in options:
                raise Usage(f"{option.our_flag} is no option of {kind.noun}")
            pairs.append((name, value))
    given: dict[str, Any] = {}
    for name, value in pairs:
        if name in given:
            raise Usage(f"{name} is given twice")
        if name not in options and name != "priority":
            raise Usage(f"{name!r} is no option of {kind.noun}{suggestion(name, options)}")
        given[name] = _value(options.get(name), name, value)
    if kind.required not in given:
        raise Usage(f"{kind.own_options[0].our_flag} is missing")
    return given


def _options() -> Mapping[str, Option]:
    """Those of all kinds, by name."""
    return {option.name: option for kind in KINDS.values() for option in kind.all_options}


def _help(option: Option) -> str:
    holders = [kind.noun for kind in KINDS.values() if option.name in {each.name for each in kind.all_options}]
    only = "" if len(holders) == len(KINDS) else f"{', '.join(holders)}: "
    return only + option.help.format(noun="the viewer", default="none: it opens through the server alone")


def _pair(word: str, required: str) -> tuple[str, str]:
    key, equals, text = word.partition("=")
    if not equals:
        return required, word
    if not key:
        raise Usage(f"{word!r} is not of the form KEY=VALUE")
    return key, text


def _value(option: Option | None, name: str, value: Any) -> Any:
    match option and option.type.field_type:
        case FieldType.PATH:
            # The server has another current folder.
            return absolute(value, name) if value else ""
        case FieldType.PATHS:
            return [absolute(path) for path in (value if isinstance(value, list) else value.split(","))]
        case FieldType.TEXT:
            # A title may be `No`.
            return value
    if not isinstance(value, str):
        return value
    try:
        parsed = yaml.safe_load(value)
    except yaml.YAMLError:
        parsed = value
    return value if parsed is None else parsed


def _changes(client: Client, args: argparse.Namespace, body: Record) -> list[str]:
    """What differs from the service of this name: `port 6010 -> 6011`; empty if there is none."""
    for said in client.objects(PATH):
        service = said.get("service") or {}
        if (service.get("type"), service.get("name")) == (args.type, args.name):
            before = {**(service.get("args") or {}), "enabled": service.get("enabled", True)}
            return list(_differences(before, {**body["args"], "enabled": body["enabled"]}))
    return []


def _differences(before: Record, now: Record) -> Iterator[str]:
    for name in dict.fromkeys((*now, *before)):
        if before.get(name) != now.get(name):
            yield f"{name} {_shown(before.get(name))} -> {_shown(now.get(name))}"


def _shown(value: Any) -> str:
    return "none" if value is None else plain(str(value).lower() if isinstance(value, bool) else value)
