"""The version of systemd, as `systemctl --version` prints it."""

from __future__ import annotations

import re
from typing import Final

from forgather_units.domain.errors import Unavailable
from forgather_units.host.system_program import output_of

OLDEST: Final = 249
"""Older ones refuse properties of our units, or ignore them in a user manager."""
OLDEST_TESTED: Final = 252
_PATIENCE: Final = 5.0


def installed_version() -> int | None:
    """None if systemctl is missing, fails or does not answer."""
    said = output_of("systemctl", "--version", limit=_PATIENCE)
    return version_in(said) if said else None


def version_in(said: str) -> int | None:
    """The version in an output of `systemctl --version`; distributions append their own: `systemd 257 (257.7-1)`."""
    number = re.match(r"systemd (\d+)", said)
    return int(number[1]) if number else None


def too_old(version: int) -> str:
    """A sentence about a version with which jobs cannot run; empty for others."""
    return f"systemd {version} is too old: units of viewers need {OLDEST} or newer" if version < OLDEST else ""


def check_systemd(version: int | None) -> None:
    """Raises Unavailable if jobs cannot run. An unknown version is accepted: the manager answers, or does not."""
    if version is not None and (fault := too_old(version)):
        raise Unavailable(fault, hint="docs/distributions.md lists the distributions that have one")
