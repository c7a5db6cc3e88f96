"""Runs programs of the system: systemctl, systemd-run, journalctl."""

from __future__ import annotations

import os
import subprocess
from typing import Final

from forgather_units.domain.machine import Machine

FOLDERS: Final = "/usr/bin:/bin"
"""The PATH of a service manager, and so that of the server and of its units, may lack even these."""


def search_path() -> str:
    """The system's folders come first: another one may lie on a file system that does not answer."""
    return f"{FOLDERS}:{os.environ.get('PATH', '')}"


def manager_environment(machine: Machine) -> dict[str, str]:
    """The variables for a program that talks to the service manager of `machine`."""
    environment = {**machine.environment, **os.environ, "PATH": search_path()}
    # It would notify the server's own manager, which accepts the server alone and logs each other message.
    environment.pop("NOTIFY_SOCKET", None)
    return environment


def output_of(*command: str, limit: float) -> str | None:
    """What a program prints, in English; None if it is missing, fails, or takes longer than `limit` seconds."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            env={**os.environ, "LC_ALL": "C", "PATH": search_path()},
            timeout=limit,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None
