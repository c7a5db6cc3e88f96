"""Wait for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, TypeVar

Found = TypeVar("Found")

PATIENCE: Final = 120.0
"""Seconds after which what a test waits for will not happen, on a machine with many times its usual load too."""


def wait_until(condition: Callable[[], Found], seconds: float = PATIENCE, what: str = "") -> Found:
    """The first truthy value of `condition`, which is called every 20 ms; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what or condition}; last value {found!r}")
        time.sleep(0.02)
    return found
