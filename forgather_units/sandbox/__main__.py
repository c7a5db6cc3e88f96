"""`python -m forgather_units.sandbox run -- CMD`, for those who have not installed the command."""

from __future__ import annotations

import argparse
import sys

from forgather_units.domain.errors import ForgatherError
from forgather_units.sandbox.command import add_arguments, run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m forgather_units.sandbox")
    commands = parser.add_subparsers(required=True)
    add_arguments(commands.add_parser("run", help="run a command in a private systemd"))
    try:
        return run(parser.parse_args())
    except ForgatherError as error:
        print(f"{error.message}\nhint: {error.hint}" if error.hint else error.message, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
