"""`forgather completion SHELL`: a script that completes commands, flags, paths and the ids of jobs."""

from __future__ import annotations

import argparse
from typing import Final

from forgather_units.cli.completion.candidates import candidates, split
from forgather_units.cli.completion.scripts import SCRIPTS
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import plain

_WHERE: Final = {
    "bash": "forgather completion bash > ~/.local/share/bash-completion/completions/forgather",
    "zsh": "forgather completion zsh > ~/.zfunc/_forgather, with fpath=(~/.zfunc $fpath) before compinit in ~/.zshrc",
    "fish": "forgather completion fish > ~/.config/fish/completions/forgather.fish",
}


def add_arguments(parser: Parser) -> None:
    parser.add_argument("shell", choices=list(SCRIPTS), metavar="SHELL", help="bash, zsh or fish")
    parser.add_argument(
        "--words", action="store_true", help="print what may be in the place of the last word behind --, for the script"
    )
    parser.epilog = f"To install it: {'; '.join(_WHERE.values())}."
    parser.set_defaults(run=_run, takes_rest=True)


def _run(args: argparse.Namespace) -> int:
    if not args.words:
        print(SCRIPTS[args.shell].strip())
        return 0
    # bash breaks words at = and :, so its script hands over the line.
    words = split(" ".join(args.rest)) if args.shell == "bash" else args.rest
    for word, meaning in candidates(args.build, words):
        # bash shows no meanings.
        print(f"{word}\t{plain(meaning)}" if meaning and args.shell != "bash" else word)
    return 0
