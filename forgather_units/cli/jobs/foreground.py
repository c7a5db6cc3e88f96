"""A stock viewer in the foreground: this process becomes it."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from typing import Any, Final, NoReturn

from forgather_units.cli.folders import absolute
from forgather_units.cli.json_output import print_json
from forgather_units.cli.terminal import Output, release_terminals
from forgather_units.domain.errors import Refused
from forgather_units.domain.listening import AUTO
from forgather_units.domain.viewer import Options, mount_path
from forgather_units.folders.expected import Around
from forgather_units.host.addresses import check_host, check_port, is_port_free, lowest_free_port
from forgather_units.viewers.contract.kind import Kind

# What the server will put in its place.
_NO_ID_YET: Final = "QUEUE_ID"


def run(args: argparse.Namespace, kind: Kind, options: Any) -> int:
    """Check what it shows, then become it, or print its command line (--dry-run). Raises Refused."""
    check = kind.check_foreground or kind.check
    around = Around(absolute(args.project_dir) if args.project_dir else "")
    for warning in check(options, around).warnings:
        print(f"warning: {warning}", file=sys.stderr)
    port = usable_port(options, kind.usual_port, now=not args.dry_run)
    prefix = f"{mount_path(kind)}{_NO_ID_YET}" if args.enqueue else ""
    command = [*kind.locate(), *kind.flags(options, port, prefix, ""), *args.rest]
    if not args.dry_run:
        become(command)
    return print_command(args, command)


def print_command(args: argparse.Namespace, command: list[str]) -> int:
    """What would be run."""
    if args.json:
        print_json({"argv": command})
    else:
        # The name of a logdir may be no text.
        Output().write(os.fsencode(shlex.join(command) + "\n"))
    return 0


def usable_port(options: Options, first: int, *, now: bool) -> int:
    """The port that was asked for, or the lowest free one from `first`. Raises Refused, `now` for a busy one too."""
    if now and options.host is not None:
        check_host(options.address)
    if options.port != AUTO:
        if now:
            check_port(options.address, options.port)
        # A viewer itself would say so a second later, below its own remarks.
        if now and not is_port_free(options.address, options.port):
            raise Refused(
                f"port {options.port} on {options.address} is in use",
                hint="another program may be listening there; --port auto chooses the lowest free port",
                field="port",
            )
        return options.port
    try:
        return lowest_free_port(options.address, first)
    except Refused as why:
        raise Refused(f"{why.message} on {options.address}", field="port") from None


def become(command: list[str]) -> NoReturn:
    """Replaced by it, we need not pass on its signals, its Ctrl-C or its exit code."""
    release_terminals()
    sys.stdout.flush()
    sys.stderr.flush()
    try:
        os.execv(command[0], command)  # noqa: S606 - no shell is what we want
    except OSError as why:
        raise Refused(f"{command[0]} cannot be run: {why.strerror}") from None
