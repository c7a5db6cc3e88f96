"""`forgather server`: its flags; daemon/ is the server itself."""

from __future__ import annotations

import argparse

from forgather_units.cli.parser import Parser


def add_arguments(parser: Parser) -> None:
    # No defaults here: the settings file supplies the value of a missing flag.
    parser.add_argument("-H", "--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("-p", "--port", type=int, help="port to listen on (8765; 0: any free one)")
    parser.add_argument(
        "-l", "--log-level", type=str.upper, metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR (INFO)"
    )
    parser.add_argument("--config", metavar="FILE", help="settings file (~/.config/forgather/units.yaml)")
    parser.add_argument("--group", help="group whose members may use its unix socket without a token")
    parser.add_argument(
        "--trusted-proxy",
        action="append",
        metavar="ADDRESS",
        help="reverse proxy whose headers are believed: an address, a range or unix; may be given several times",
    )
    parser.add_argument(
        "--no-auth",
        action="store_true",
        help="disable authentication: anyone who can reach the port has full control",
    )
    parser.add_argument("--regen-token", action="store_true", help="create a new token; the old one becomes invalid")
    # A flag of Forgather's own server.
    parser.add_argument("--persist-sessions", action="store_true", help="as without it: sessions survive a restart")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    # The server's libraries would cost every other command a tenth of a second.
    from forgather_units.daemon.main import main

    return main(args)
