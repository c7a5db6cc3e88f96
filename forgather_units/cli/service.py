"""`forgather service ...`: what is declared to be there always."""

from __future__ import annotations

import argparse
from typing import Any, Final
from urllib.parse import quote

import yaml

from forgather_units.cli.client import Record, connect
from forgather_units.cli.errors import Usage
from forgather_units.cli.folders import absolute
from forgather_units.cli.options import add_verbs
from forgather_units.cli.tables import print_json, table
from forgather_units.kinds import params
from forgather_units.kinds.table import KINDS

HELP: Final = "declared services: list, add, enable, disable, remove, start, stop"

_PATH: Final = "/api/services"
_ENDED: Final = {"done": "stopped", "aborted": "stopped"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = add_verbs(parser)
    add("list", "all of them, with their addresses", _list)
    leaf = add("add", "declare one (or declare it anew) in the server's settings file", _add)
    _named(leaf)
    leaf.add_argument("args", nargs="+", metavar="KEY=VALUE", help="such as logdir=/runs port=6010 idle_timeout=2h")
    leaf.add_argument("--disabled", action="store_true", help="declare it, and do not start it")
    for name, meaning, run in (
        ("enable", "let it be there, now and after each start", lambda args: _switch(args, enabled=True)),
        ("disable", "stop it, and leave it declared", lambda args: _switch(args, enabled=False)),
        ("remove", "stop it, and take it out of the settings file", _remove),
        ("start", "queue one that has ended", lambda args: _control(args, "start")),
        ("stop", "end it until it is started, or the server is", lambda args: _control(args, "stop")),
    ):
        _named(add(name, meaning, run))


def _named(leaf: argparse.ArgumentParser) -> None:
    leaf.add_argument("type", choices=list(KINDS), help="the kind of viewer")
    leaf.add_argument("name", help="its name: lower-case letters, digits, _ and -")


def _list(args: argparse.Namespace) -> int:
    client = connect(args.server)
    services = client.objects(_PATH)
    if args.json:
        print_json(services)
    elif services:
        print(table(("TYPE", "NAME", "STATE", "ADDRESS", "NOTE"), (_row(client.address, each) for each in services)))
    else:
        print("no services: forgather service add tensorboard NAME logdir=DIR")
    return 0


def _row(url: str, said: Record) -> tuple[object, ...]:
    service = said["service"]
    status = str(said.get("status") or "")
    state = _ENDED.get(status, status) if service["enabled"] else "disabled"
    return service["type"], service["name"], state, f"{url}{said.get('url')}", said.get("error")


def _add(args: argparse.Namespace) -> int:
    given = dict(_pair(word, args.type) for word in args.args)
    body = {"type": args.type, "name": args.name, "enabled": not args.disabled, "args": given}
    client = connect(args.server)
    return _told(args, client.address, client.object("POST", _PATH, body))


def _pair(word: str, kind: str) -> tuple[str, Any]:
    key, equals, text = word.partition("=")
    if not equals or not key:
        raise Usage(f"{word!r} is not of the form KEY=VALUE")
    parser = KINDS[kind].parsers.get(key)
    # The server has another current folder.
    if key == KINDS[kind].required:
        return key, absolute(text)
    if parser is params.paths:
        return key, [absolute(path) for path in text.split(",")]
    if parser is params.optional_text:
        # A title may be `No`.
        return key, text
    try:
        value = yaml.safe_load(text)
    except yaml.YAMLError:
        value = text
    return key, text if value is None else value


def _switch(args: argparse.Namespace, *, enabled: bool) -> int:
    client = connect(args.server)
    return _told(args, client.address, client.object("POST", f"{_one(args)}/enabled", {"enabled": enabled}))


def _control(args: argparse.Namespace, action: str) -> int:
    client = connect(args.server)
    said = client.object("POST", f"{_one(args)}/control/{action}")
    if action == "stop" and said.get("running") and not args.json:
        # It was asked to, and has not ended yet.
        said = {**said, "status": "stopping"}
    return _told(args, client.address, said)


def _remove(args: argparse.Namespace) -> int:
    answer = connect(args.server).object("DELETE", _one(args))
    if args.json:
        print_json(answer)
    else:
        print(f"removed: {args.type} {args.name}")
    return 0


def _one(args: argparse.Namespace) -> str:
    return f"{_PATH}/{quote(args.type, safe='')}/{quote(args.name, safe='')}"


def _told(args: argparse.Namespace, url: str, said: Record) -> int:
    if args.json:
        print_json(said)
        return 0
    kind, name, state, address, error = _row(url, said)
    print(f"{kind} {name}: {error or state or 'not there'}  {address}")
    return 0
