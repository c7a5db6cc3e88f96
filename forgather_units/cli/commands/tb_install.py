"""`forgather tb install`: a TensorBoard of one's own, newer than the machine's, that nothing else uses."""

from __future__ import annotations

import argparse

from forgather_units.cli.parser import Parser
from forgather_units.viewers.tensorboard import private_install
from forgather_units.viewers.tensorboard.program import tensorboard_facts


def add_verbs(parser: Parser) -> None:
    """`install` and `uninstall`; without a verb the command runs TensorBoard."""
    verbs = parser.add_subparsers(metavar="VERB", required=False, prog=parser.prog)
    for name, meaning, run in (
        ("install", "install a TensorBoard in an environment of its own; the next server start uses it", _install),
        ("uninstall", "remove the TensorBoard that `install` made", _uninstall),
    ):
        leaf = verbs.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        leaf.set_defaults(run=run, takes_rest=False)
        if run is _install:
            leaf.add_argument("--version", default="", metavar="V", help="such as 2.20.0 (default: the newest)")


def _install(args: argparse.Namespace) -> int:
    command = private_install.install(args.version)
    facts = tensorboard_facts(str(command))
    loader = "" if facts.has_data_server else ", without the data server: large logdirs load slowly"
    print(f"TensorBoard {facts.version} in {command.parents[1]}{loader}")
    print("a server that runs uses it from its next start on: systemctl --user restart forgather-server")
    return 0


def _uninstall(args: argparse.Namespace) -> int:
    there = private_install.remove()
    folder = private_install.private_folder()
    print(f"removed {folder}" if there else f"there is none in {folder}")
    return 0
