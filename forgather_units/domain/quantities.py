"""Parses sizes, times and shares such as `2G`, `15min`, `never`. Each function raises ValueError with its rule."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from forgather_units.domain.placement import NEVER, IdleTimeout

_SIZES: Final = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_TIMES: Final = {"": 1.0, "s": 1.0, "min": 60.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_LEAST_MEMORY: Final = 16 * 1024**2
_MOST: Final = 2**60


def memory(value: Any) -> int | None:
    """Bytes: a number, or text such as `512M` or `2G` (of 1024, as in systemd). None and empty: no limit."""
    if value is None or value == "":
        return None
    size = value if isinstance(value, int) and not isinstance(value, bool) else _size(value)
    if size is None:
        raise ValueError("must be a size such as 512M or 2G")
    if not _LEAST_MEMORY <= size <= _MOST:
        raise ValueError("must be at least 16M")
    return size


def _size(value: Any) -> int | None:
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,3})?)\s*([KMGT]?)(?:i?B)?", value.strip(), re.IGNORECASE) if isinstance(
        value, str
    ) else None  # fmt: skip
    return int(float(found[1]) * _SIZES[found[2].upper()]) if found else None


def idle_timeout(value: Any) -> IdleTimeout:
    """Seconds: a number, text such as `15min`, or `never`."""
    if value == NEVER:
        return NEVER
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,3})?)\s*(s|min|m|h|d)?", value.strip()) if isinstance(value, str) else None
    if found:
        seconds = float(found[1]) * _TIMES[found[2] or ""]
    elif isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value
    else:
        seconds = 0.0
    # Compared before it is converted: an integer of 400 digits has no float.
    if not 1 <= seconds <= 1e9:
        raise ValueError("must be 1 second or more, at most 1e9, such as 90, 15min or 2h, or never")
    return float(seconds)


def up_to(most: int) -> Callable[[Any], int | None]:
    """A parser of whole numbers from 1 to `most`, as a number or as text. None and empty: not given."""

    def parse(value: Any) -> int | None:
        if value is None or value == "":
            return None
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= most:
            raise ValueError(f"must be a whole number from 1 to {most}")
        return value

    return parse


cpu_weight: Final = up_to(10_000)
"""systemd's CPUWeight=."""
tasks: Final = up_to(1_000_000)
"""systemd's TasksMax=."""


def optional(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The same parser, with None for a missing value."""
    return lambda value: None if value is None or value == "" else parse(value)
