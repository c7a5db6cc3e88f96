"""Writes the completion of `forgather` for bash and zsh from its parsers; the ids of jobs are asked for when due.

usage: python3 packaging/completion.py FOLDER   (needs shtab)
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import shtab

from forgather_units.cli.main import build_parser

FILES: Mapping[str, str] = {"bash": "forgather", "zsh": "_forgather"}

# Completion must not wait for a server that does not respond, nor print errors.
_IDS = "timeout 2 forgather job list -q --limit 100 2>/dev/null"
PREAMBLE: Mapping[str, str] = {
    "bash": f'_forgather_job_ids() {{\n  compgen -W "$({_IDS})" -- "$1"\n}}\n',
    "zsh": f"_forgather_job_ids() {{\n  local -a ids\n  ids=($({_IDS}))\n  compadd -a ids\n}}\n",
}
JOB_ID = {"bash": "_forgather_job_ids", "zsh": "_forgather_job_ids"}
_COMPLETES: Mapping[str, Any] = {
    "id": JOB_ID,
    "logdir": shtab.DIRECTORY,
    "project_dir": shtab.DIRECTORY,
    "config": shtab.FILE,
    "path": shtab.FILE,
}


def main() -> int:
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    parser = build_parser()
    for action in _actions(parser):
        if action.choices is not None and not isinstance(action, argparse._SubParsersAction):
            # shtab 1.5 takes the first of them by its number, which a mapping has not.
            action.choices = list(action.choices)
        if action.dest in _COMPLETES:
            action.complete = _COMPLETES[action.dest]  # type: ignore[attr-defined]
    for shell, file in FILES.items():
        (folder / file).write_text(shtab.complete(parser, shell=shell, preamble=PREAMBLE), encoding="utf-8")
    return 0


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for child in action.choices.values():
                yield from _actions(child)


if __name__ == "__main__":
    sys.exit(main())
