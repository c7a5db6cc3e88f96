"""Parsers of single values from outside. Each raises ValueError with what the value must be, to follow its name.

The edges (the API's parameters, the command line, the settings) wrap them in their own errors.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from forgather_units.domain.listening import AUTO, LAST_PORT, Port


class WrongType(ValueError):
    """The value has another type than the one asked for."""


def truth(value: Any) -> bool:
    """True or false."""
    if not isinstance(value, bool):
        raise WrongType("must be true or false")
    return value


def whole(value: Any) -> int:
    """A whole number, or its decimal digits (at most 9) as text."""
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,9}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongType("must be a whole number")
    return value


def whole_between(low: int, high: int) -> Callable[[Any], int]:
    """A parser of whole numbers from `low` to `high`; text is refused."""

    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return parse


def port(value: Any) -> int:
    """A TCP port, as a number or as text."""
    number = whole(value)
    if not 1 <= number <= LAST_PORT:
        raise ValueError(f"must be from 1 to {LAST_PORT}")
    return number


def port_or_auto(value: Any) -> Port:
    """A TCP port, or `auto`."""
    if value == AUTO:
        return AUTO
    number = whole(value)
    if not 1 <= number <= LAST_PORT:
        raise ValueError(f"must be from 1 to {LAST_PORT}, or auto")
    return number


def seconds(value: Any) -> float | None:
    """Seconds from 0 to 1e9, as a number or as text; None for empty text."""
    if value is None or value == "":
        return None
    try:
        number = float(value) if not isinstance(value, bool) else math.nan
    except (TypeError, ValueError):
        number = math.nan
    except OverflowError:
        # An integer of more than 308 digits.
        number = math.inf
    if math.isnan(number):
        raise WrongType("must be a number of seconds")
    if not 0 <= number <= 1e9:
        raise ValueError("must be from 0 to 1e9 seconds")
    return number
