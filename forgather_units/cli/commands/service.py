"""`forgather service ...`: declared services: viewers that always exist."""

from __future__ import annotations

import argparse
from typing import Final
from urllib.parse import quote

from forgather_units.cli.commands import service_add
from forgather_units.cli.connection.client import Record, connect
from forgather_units.cli.json_output import print_json
from forgather_units.cli.options import add_verbs
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import Column, Fit, table
from forgather_units.domain.errors import NotFound
from forgather_units.viewers.table import KINDS

_PATH: Final = service_add.PATH
_COLUMNS: Final = ("TYPE", "NAME", "STATE", "ADDRESS", Column("NOTE", Fit.WRAP, is_optional=True))
_ENDED: Final = {"done": "stopped", "aborted": "stopped"}


def add_arguments(parser: Parser) -> None:
    add = add_verbs(parser)
    add("list", "list services and their addresses", _list)
    _named(add("status", "show the state of a service", _status))
    leaf = add("add", "declare a service in the server's settings file", _add)
    _named(leaf)
    service_add.add_arguments(leaf)
    for name, meaning, run in (
        ("enable", "start a service now, and with the server", lambda args: _switch(args, enabled=True)),
        ("disable", "stop a service, and keep its declaration", lambda args: _switch(args, enabled=False)),
        ("remove", "stop a service, and remove it from the settings file", _remove),
        ("start", "queue a service that has ended", lambda args: _control(args, "start")),
        ("stop", "stop a service until it or the server is started", lambda args: _control(args, "stop")),
    ):
        _named(add(name, meaning, run))


def _named(leaf: Parser) -> None:
    leaf.add_argument("type", choices=list(KINDS), help="the kind of viewer")
    leaf.add_argument("name", help="its name: letters, digits, _ and -")


def _list(args: argparse.Namespace) -> int:
    services = connect(args.server).objects(_PATH)
    if args.json:
        print_json(services)
    elif services:
        print(table(_COLUMNS, map(_row, services)))
    else:
        print("no services: forgather service add tensorboard NAME --logdir DIR")
    return 0


def _status(args: argparse.Namespace) -> int:
    for said in connect(args.server).objects(_PATH):
        if (said["service"]["type"], said["service"]["name"]) == (args.type, args.name):
            return _told(args, said)
    raise NotFound(f"no such service: {args.type} {args.name}", hint="forgather service list")


def _row(said: Record) -> tuple[object, ...]:
    service = said["service"]
    status = str(said.get("status") or "")
    state = _ENDED.get(status, status) if service["enabled"] else "disabled"
    return service["type"], service["name"], state, said.get("url"), said.get("error")


def _add(args: argparse.Namespace) -> int:
    said, changes = service_add.run(args, connect(args.server))
    for change in changes if not args.json else ():
        print(f"changed: {change}")
    return _told(args, said)


def _switch(args: argparse.Namespace, *, enabled: bool) -> int:
    said = connect(args.server).object("POST", f"{_one(args)}/enabled", {"enabled": enabled})
    return _told(args, said)


def _control(args: argparse.Namespace, action: str) -> int:
    said = connect(args.server).object("POST", f"{_one(args)}/control/{action}")
    if action == "stop" and said.get("running") and not args.json:
        # It was asked to, and has not ended yet.
        said = {**said, "status": "stopping"}
    return _told(args, said)


def _remove(args: argparse.Namespace) -> int:
    answer = connect(args.server).object("DELETE", _one(args))
    if args.json:
        print_json(answer)
    else:
        print(f"removed: {args.type} {args.name}")
    return 0


def _one(args: argparse.Namespace) -> str:
    return f"{_PATH}/{quote(args.type, safe='')}/{quote(args.name, safe='')}"


def _told(args: argparse.Namespace, said: Record) -> int:
    if args.json:
        print_json(said)
        return 0
    kind, name, state, address, error = _row(said)
    print(f"{kind} {name}: {error or state or 'not there'}  {address}")
    return 0
