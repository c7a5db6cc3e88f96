"""`forgather mkdocs`: MkDocs' development server, in the foreground or queued on the server."""

from __future__ import annotations

import argparse
from typing import Final

from forgather_units.cli import enqueue
from forgather_units.cli.as_job import add_job_options, add_listening, job_params
from forgather_units.cli.folders import absolute
from forgather_units.cli.foreground import become, print_command, usable_port
from forgather_units.cli.options import add_common
from forgather_units.kinds.mkdocs import DEFAULT_PORT, MKDOCS, MkDocsOptions

HELP: Final = "MkDocs: in the foreground, or with --enqueue as a job of the server"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    viewer = parser.add_argument_group("MkDocs")
    viewer.add_argument("-f", "--config-file", default="mkdocs.yml", metavar="FILE", help="its configuration")
    add_listening(viewer, DEFAULT_PORT)
    viewer.add_argument("--strict", action="store_true", help="a warning of the build is an error")
    viewer.add_argument("--watch", action="append", metavar="PATH", help="watch this too; may be given again")
    viewer.add_argument("--no-livereload", action="store_true", help="do not build again when a page changes")
    viewer.add_argument("--window-title", metavar="T", help="what lists call it")
    add_job_options(parser, "MkDocs")
    add_common(parser)
    parser.epilog = "In the foreground, what follows -- is handed to mkdocs serve as it is."
    parser.set_defaults(run=_run, takes_rest=True)


def _run(args: argparse.Namespace) -> int:
    placing, params = job_params(args), _given(args)
    if args.enqueue and not args.dry_run:
        return enqueue.run(args, MKDOCS, params | placing)
    options = MkDocsOptions(**{**params, "watch": tuple(params.get("watch", ()))})
    MKDOCS.check(options)
    port = usable_port(options, DEFAULT_PORT, now=not args.dry_run)
    # In the foreground it has no prefix, so the user's own configuration does.
    flags = MKDOCS.flags(options, port, "", options.config_file)
    command = [*MKDOCS.find("").command, *flags, *args.rest]
    if not args.dry_run:
        become(command)
    return print_command(args, command)


def _given(args: argparse.Namespace) -> enqueue.Params:
    """The job_params that were given on the command line, by their names in the API."""
    params: enqueue.Params = {
        "config_file": absolute(args.config_file),
        "port": args.port,
        "host": args.host,
        "bind_all": args.bind_all or None,
        "strict": args.strict or None,
        "livereload": False if args.no_livereload else None,
        "watch": [absolute(path) for path in args.watch] if args.watch else None,
        "window_title": args.window_title,
    }
    return {name: value for name, value in params.items() if value is not None}
