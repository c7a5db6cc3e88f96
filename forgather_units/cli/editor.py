"""The editor that the user has chosen."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from forgather_units.cli.errors import Usage
from forgather_units.domain.errors import Refused


def editor(otherwise: Sequence[str]) -> str:
    """$VISUAL, else $EDITOR, else the first installed program of `otherwise`. Raises Usage if there is none."""
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or next(filter(shutil.which, otherwise), "")
    if not chosen:
        raise Usage("no editor is there: set EDITOR")
    return chosen


def open_in(command: str, file: Path, unsuccessful: str) -> None:
    """Run the editor `command`, which may have arguments, with `file`, until it ends.

    Raises Refused, with the consequence `unsuccessful`, if it cannot run or ends with an error.
    """
    try:
        ended_well = subprocess.run([*shlex.split(command), str(file)], check=False).returncode == 0
    except (OSError, ValueError) as why:
        reason = why.strerror if isinstance(why, OSError) else why
        raise Refused(f"{command} cannot be run ({reason}): {unsuccessful}") from None
    if not ended_well:
        raise Refused(f"{command} ended with an error: {unsuccessful}")
