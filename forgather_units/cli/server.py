"""`forgather server`: its flags; the server itself is another room's."""

from __future__ import annotations

import argparse
from typing import Final

HELP: Final = "run the server: queue, units, and the one address"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    # A flag that is not given leaves the word to the settings file, so none has a default here.
    parser.add_argument("-H", "--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("-p", "--port", type=int, help="port to listen on (8765; 0: any free one)")
    parser.add_argument(
        "-l", "--log-level", type=str.upper, metavar="LEVEL", help="DEBUG, INFO, WARNING or ERROR (INFO)"
    )
    parser.add_argument("--config", metavar="FILE", help="settings file (~/.config/forgather/config.yaml)")
    parser.add_argument("--group", help="group whose members use it over its unix socket, without a token")
    parser.add_argument("--no-auth", action="store_true", help="let everybody in who reaches the port")
    parser.add_argument("--regen-token", action="store_true", help="make a new token: the old one opens nothing more")
    parser.set_defaults(run=_run)


def _run(args: argparse.Namespace) -> int:
    # The server's libraries would cost every other command a tenth of a second.
    from forgather_units.server.serve import main

    return main(args)
