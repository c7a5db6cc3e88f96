"""`forgather tb install`: a TensorBoard of one's own, newer than the machine's, that nothing else uses."""

from __future__ import annotations

import argparse

from forgather_units.machine import private_tensorboard
from forgather_units.machine.tensorboard_cli import tensorboard_facts


def add_verbs(parser: argparse.ArgumentParser) -> None:
    """`install` and `uninstall`; without a verb the command is what it was."""
    verbs = parser.add_subparsers(metavar="VERB", required=False)
    for name, meaning, run in (
        ("install", "install a TensorBoard in an environment of its own; the next server start uses it", _install),
        ("uninstall", "remove that one", _uninstall),
    ):
        leaf = verbs.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        leaf.set_defaults(run=run, takes_rest=False)
        if run is _install:
            leaf.add_argument("--version", default="", metavar="V", help="such as 2.20.0 (default: the newest)")


def _install(args: argparse.Namespace) -> int:
    command = private_tensorboard.install(args.version)
    facts = tensorboard_facts(str(command))
    loader = "" if facts.has_data_server else ", without the data server: large logdirs load slowly"
    print(f"TensorBoard {facts.version} in {command.parents[1]}{loader}")
    print("a server that runs uses it from its next start on: systemctl --user restart forgather-server")
    return 0


def _uninstall(args: argparse.Namespace) -> int:
    there = private_tensorboard.remove()
    folder = private_tensorboard.private_folder()
    print(f"removed {folder}" if there else f"there is none in {folder}")
    return 0
