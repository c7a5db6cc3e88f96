"""The stock TensorBoard in the foreground: this process becomes it."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from typing import Final, NoReturn

from forgather_units.cli.tables import print_json
from forgather_units.domain.errors import Refused
from forgather_units.domain.tensorboard import (
    AUTO,
    DEFAULT_PORT,
    TensorBoardOptions,
    job_flags,
    path_prefix,
    stock_flags,
)
from forgather_units.domain.viewer import Options
from forgather_units.machine.addresses import check_host, is_port_free, lowest_free_port
from forgather_units.machine.logdir import inspect_logdir
from forgather_units.machine.tensorboard_cli import find_tensorboard

# What the server will put in its place.
_NO_ID_YET: Final = "QUEUE_ID"


def run(args: argparse.Namespace, options: TensorBoardOptions) -> int:
    """Check the logdir, then become it, or print its command line (--dry-run). Raises Refused."""
    facts = inspect_logdir(options.logdir)
    if not facts.event_files and facts.whole:
        print(f"warning: {options.logdir} has no event files yet", file=sys.stderr)
    port = usable_port(options, DEFAULT_PORT, now=not args.dry_run)
    flags = job_flags(options, port, path_prefix(_NO_ID_YET)) if args.enqueue else stock_flags(options, port)
    command = [find_tensorboard(), *flags, *args.rest]
    if not args.dry_run:
        become(command)
    return print_command(args, command)


def print_command(args: argparse.Namespace, command: list[str]) -> int:
    """What would be run."""
    if args.json:
        print_json({"argv": command})
    else:
        # The name of a logdir may be no text.
        sys.stdout.buffer.write(os.fsencode(shlex.join(command) + "\n"))
    return 0


def usable_port(options: Options, first: int, *, now: bool) -> int:
    """The port that was asked for, or the lowest free one from `first`. Raises Refused, `now` for a busy one too."""
    if now and options.host is not None:
        check_host(options.address)
    if options.port != AUTO:
        # A viewer itself would say so a second later, below its own remarks.
        if now and not is_port_free(options.address, options.port):
            raise Refused(
                f"port {options.port} of {options.address} cannot be had now",
                hint="another program listens there, perhaps; --port auto takes the lowest free one",
                field="port",
            )
        return options.port
    try:
        return lowest_free_port(options.address, first)
    except Refused as why:
        raise Refused(f"{why.message} on {options.address}", field="port") from None


def become(command: list[str]) -> NoReturn:
    """Replaced by it, we need not pass on its signals, its Ctrl-C or its exit code."""
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is what we want
    except OSError as why:
        raise Refused(f"{command[0]} cannot be run: {why.strerror}") from None
