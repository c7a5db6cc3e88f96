"""Forgather's own command, for commands that this program does not have: both programs install a command `forgather`.

The one that is installed last has the name. If it is ours, what only Forgather has (`train`, `gpu`) goes on to it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final, NoReturn

from forgather_units.cli.errors import Usage
from forgather_units.domain.errors import Refused
from forgather_units.files.regular_file import read_regular

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMMANDS: Final = frozenset(
    {"agent", "checkpoint", "cluster", "code", "construct", "control", "convert", "dataset", "dataset-server", "diloco",
     "docs", "eval", "finalize", "gpu", "graph", "index", "inf", "meta", "model", "plot", "pp", "project", "search",
     "submit", "targets", "tlist", "tls", "train", "trefs", "update", "ws"}
)  # fmt: skip
"""Those of Forgather that this program does not have; for messages, since a newer Forgather may have more."""
SHARED: Final = frozenset({"job", "logs", "ls", "mkdocs", "sched", "server", "tb"})
"""Those that both have, with options of their own each."""
OPTIONS: Final = ("-i", "--interactive", "--no-dyn")
"""In front of a command, and Forgather's alone."""

_NAME: Final = "forgather"
_LARGEST_SCRIPT: Final = 1 << 20
_OURS: Final = __package__.partition(".")[0]


def installed() -> EntryPoint | None:
    """The command `forgather` of another distribution in this environment."""
    from importlib.metadata import entry_points

    found = entry_points(group="console_scripts", name=_NAME)
    return next((each for each in found if each.module.partition(".")[0] != _OURS), None)


def hint(command: EntryPoint, noun: str) -> str:
    """How to reach Forgather's own `noun`, where both programs have it; empty if they do not."""
    return f"Forgather's own: {sys.executable} -m {command.module} {noun}" if noun in SHARED else ""


def run(command: EntryPoint, words: Sequence[str]) -> NoReturn:
    """Become `command`, with `words` behind the name of this program. Raises Refused if it cannot be loaded."""
    try:
        function = command.load()
    except (ImportError, AttributeError) as why:
        raise Refused(f"Forgather's own command cannot be loaded: {why}") from why
    sys.argv[1:] = words
    sys.exit(function())


def missing(word: str) -> Usage:
    """The error for a command or an option of Forgather where that is not installed."""
    sentence = f"{word!r} is a command of Forgather, which is not installed in this environment"
    other = _elsewhere()
    return Usage(
        sentence.replace("a command", "an option", 1) if word in OPTIONS else sentence,
        hint=f"another program of this name is {other}"
        if other
        else "use the command of the environment that has Forgather, or install this program there too",
    )


def _elsewhere() -> Path | None:
    """A command `forgather` in the PATH that is none of this program's."""
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        file = Path(folder, _NAME)
        # The script that pip writes names what it imports.
        with suppress(OSError):
            is_command = file.is_absolute() and os.access(file, os.X_OK)
            if is_command and _OURS.encode() not in read_regular(file, _LARGEST_SCRIPT)[0]:
                return file
    return None
