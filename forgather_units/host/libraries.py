"""The choice between compiled libraries of systemd and pure Python."""

from __future__ import annotations

import os
from importlib.util import find_spec
from typing import Final

VARIABLE: Final = "FORGATHER_LIBRARIES"
"""The environment variable that chooses: `pure` ignores compiled libraries that are installed."""


def has_native(module: str) -> bool:
    """Whether to use `module`, a compiled package: `pystemd`, or `systemd` of systemd-python."""
    return os.environ.get(VARIABLE) != "pure" and find_spec(module) is not None
