"""Cleans up after a launcher, however it ended: it waits for the end of a pipe that the launcher holds open."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from forgather_units.sandbox.cgroup import ControlGroup

_GRACE: Final = 0.5


def main(pipe: int, folder: str, path: str) -> None:
    """Started in a session of its own, so that no Ctrl-C and no hang-up reaches it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while os.read(pipe, 1):
        pass
    _end_orderly(Path(folder))
    ControlGroup(Path(folder), path).remove()


def _end_orderly(folder: Path) -> None:
    """nspawn has received the launcher's death signal and powers off in a quarter of a second; wait for it.

    Not more: where the host's process 1 is slow to reap, dead processes of the launcher hold up the power-off.
    """
    deadline = time.monotonic() + _GRACE
    while time.monotonic() < deadline and _populated(folder):
        time.sleep(0.02)


def _populated(folder: Path) -> bool:
    try:
        return "populated 1" in (folder / "cgroup.events").read_text()
    except OSError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3])
