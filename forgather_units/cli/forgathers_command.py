"""Forgather's own command, for the words that are none of ours: both programs install a command `forgather`.

The one that is installed last has the name. If it is ours, what only Forgather has (`train`, `gpu`) goes on to it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NoReturn

from forgather_units.cli.errors import Usage
from forgather_units.domain.errors import Refused

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

COMMANDS: Final = frozenset(
    {"agent", "checkpoint", "cluster", "code", "construct", "control", "convert", "dataset", "dataset-server", "diloco",
     "docs", "eval", "finalize", "gpu", "graph", "index", "inf", "meta", "model", "plot", "pp", "project", "search",
     "submit", "targets", "tlist", "tls", "train", "trefs", "update", "ws"}
)  # fmt: skip
"""Those of Forgather that this program does not have; for messages, since a newer Forgather may have more."""
OPTIONS: Final = ("-i", "--interactive", "--no-dyn")
"""In front of a command, and Forgather's alone."""

_NAME: Final = "forgather"
_OURS: Final = __package__.partition(".")[0]


def installed() -> EntryPoint | None:
    """The command `forgather` of another distribution in this environment."""
    from importlib.metadata import entry_points

    found = entry_points(group="console_scripts", name=_NAME)
    return next((each for each in found if each.module.partition(".")[0] != _OURS), None)


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
    kind = "an option" if word.startswith("-") else "a command"
    return Usage(
        f"{word!r} is {kind} of Forgather, which is not installed in this environment",
        hint="use the command of the environment that has Forgather, or install this program there too",
    )
