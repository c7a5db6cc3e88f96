"""`python -m forgather_units.sandbox run -- CMD` where the command is not installed; `check` before an installation."""

from __future__ import annotations

import argparse
import sys

from forgather_units.domain.errors import ForgatherError
from forgather_units.sandbox.command import add_arguments, run
from forgather_units.sandbox.requirements import check_host


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m forgather_units.sandbox")
    commands = parser.add_subparsers(required=True)
    add_arguments(commands.add_parser("run", help="run a command in a private systemd"))
    commands.add_parser("check", help="say whether this machine can run a sandbox").set_defaults(check=True)
    try:
        args = parser.parse_args()
        if "check" in args:
            check_host()
            return 0
        return run(args)
    except ForgatherError as error:
        print(f"{error.message}\nhint: {error.hint}" if error.hint else error.message, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
