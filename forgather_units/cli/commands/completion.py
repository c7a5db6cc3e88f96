"""`forgather completion SHELL`: a script that completes commands, flags, paths and the ids of jobs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from forgather_units.cli import aliases
from forgather_units.cli.connection.client import connect
from forgather_units.cli.parser import Parser
from forgather_units.domain.errors import ForgatherError

# Printed in place of words where the shell completes paths.
_FILES: Final = ":files"
_FOLDERS: Final = ":folders"
_PATHS: Final = {"logdir": _FOLDERS, "project_dir": _FOLDERS, "project": _FOLDERS}
_SCRIPTS: Final = {
    "bash": r"""
_forgather() {
  local cur=${COMP_WORDS[COMP_CWORD]} IFS=$'\n' found
  found=$(forgather completion bash --words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
  case $found in
    :files) compopt -o filenames; COMPREPLY=($(compgen -f -- "$cur")) ;;
    :folders) compopt -o filenames; COMPREPLY=($(compgen -d -- "$cur")) ;;
    *) COMPREPLY=($(compgen -W "$found" -- "$cur")) ;;
  esac
}
complete -F _forgather forgather
""",
    "zsh": r"""
#compdef forgather
_forgather() {
  local -a found
  found=("${(@f)$(forgather completion zsh --words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  case $found[1] in
    :files) _files ;;
    :folders) _files -/ ;;
    *) compadd -a found ;;
  esac
}
compdef _forgather forgather
""",
    "fish": r"""
function __forgather_words
  set -l found (forgather completion fish --words -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)
  switch "$found[1]"
    case :files
      __fish_complete_path (commandline -ct)
    case :folders
      __fish_complete_directories (commandline -ct)
    case '*'
      printf '%s\n' $found
  end
end
complete -c forgather -f -a '(__forgather_words)'
""",
}
_WHERE: Final = {
    "bash": "forgather completion bash > ~/.local/share/bash-completion/completions/forgather",
    "zsh": "forgather completion zsh > a file _forgather in a folder of $fpath",
    "fish": "forgather completion fish > ~/.config/fish/completions/forgather.fish",
}

Build = Callable[[Sequence[str]], Parser]


def add_arguments(parser: Parser) -> None:
    parser.add_argument("shell", choices=list(_SCRIPTS), metavar="SHELL", help="bash, zsh or fish")
    parser.add_argument(
        "--words", action="store_true", help="print what may be in the place of the last word behind --, for the script"
    )
    parser.epilog = f"To install it: {'; '.join(_WHERE.values())}."
    parser.set_defaults(run=_run, takes_rest=True)


def _run(args: argparse.Namespace) -> int:
    if args.words:
        print("\n".join(candidates(args.build, args.rest)))
    else:
        print(_SCRIPTS[args.shell].strip())
    return 0


def candidates(build: Build, words: Sequence[str]) -> Iterable[str]:
    """What may be in the place of the last one of `words`."""
    *before, last = aliases.expanded(words) if words else [""]
    parser, takes = build([*before, last]), ""
    for word in before:
        action = parser.action_of(word) if word.startswith("-") else None
        if takes:
            takes = ""
        elif action is not None:
            takes = action.dest if action.nargs is None else ""
            if takes and action.choices:
                takes = "\n".join(map(str, action.choices))
        else:
            parser = parser.verbs.get(word, parser)
    if takes:
        return [takes] if "\n" in takes else [_PATHS.get(takes, _FILES)]
    if last.startswith("-"):
        return parser.flags
    if parser.verbs and parser.get_default("first_word") is None:
        return parser.verbs
    if "id" in parser.words:
        return _ids()
    return [_FOLDERS if parser.get_default("first_word") == "--logdir" else _FILES]


def _ids() -> list[str]:
    try:
        return [str(job.get("queue_id")) for job in connect(None).objects("/api/jobs?limit=100")]
    except ForgatherError:
        return []
