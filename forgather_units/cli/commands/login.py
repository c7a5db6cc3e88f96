"""`forgather login URL`: store the token of another server. It is sent only to that server."""

from __future__ import annotations

import argparse
import getpass
import sys

from forgather_units.cli.connection import kept_tokens
from forgather_units.cli.connection.client import Client
from forgather_units.cli.connection.credentials import Token, checked_url
from forgather_units.cli.connection.server_address import address_of, is_loopback
from forgather_units.cli.json_output import print_json
from forgather_units.cli.parser import Parser
from forgather_units.domain.errors import Refused
from forgather_units.settings.settings import load


def add_arguments(parser: Parser) -> None:
    parser.add_argument("url", metavar="URL", help="the server: http://HOST:PORT or https://HOST")
    parser.add_argument("--forget", action="store_true", help="delete the token that is stored for it")
    parser.add_argument("--json", action="store_true", help="print JSON and nothing else")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    url = checked_url(args.url, "URL")
    address = address_of(url)
    if address is None:
        raise Refused(f"{url} asks for no token: the kernel identifies the client of a unix socket")
    file = kept_tokens.file_of(load(None, {}).auth_dir, address)
    if args.forget:
        return _told(args, str(address), file=str(file), kept=False, was_there=kept_tokens.forget(file))
    if address.scheme == "http" and not is_loopback(address.host):
        print("warning: http:// sends the token unencrypted", file=sys.stderr)
    token = _asked(f"the token of {address}: ")
    # Refused here rather than by the first command that needs it.
    Client(url, Token(token, "standard input")).object("GET", "/api/auth/me")
    kept_tokens.keep(file, token)
    return _told(args, str(address), file=str(file), kept=True)


def _asked(prompt: str) -> str:
    """The token typed at a hidden prompt, or the first line of a pipe. Raises Refused for a malformed one."""
    text = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline()
    token = text.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise Refused(
            "that is not a token",
            hint="the token is in the file auth_token, in the folder that the server's setting auth_dir names",
        )
    return token


def _told(args: argparse.Namespace, address: str, **facts: object) -> int:
    if args.json:
        print_json({"server": address, **facts})
    elif facts["kept"]:
        print(f"{address}: token stored in {facts['file']}")
    else:
        print(f"{address}: token deleted" if facts["was_there"] else f"{address}: no token is stored")
    return 0
