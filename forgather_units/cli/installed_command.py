"""The file of this program's command, for units and other programs that start it.

Jupyter imports this module at each of its starts: no other modules here.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

NAMES: Final = ("forgather-units", "forgather")
"""The second is Forgather's own where that was installed later. An earlier version of this program has no first one."""


def installed_command(folder: Path) -> Path | None:
    """The command of this program among the commands in `folder`."""
    return next((file for name in NAMES if (file := folder / name).is_file()), None)
