"""Query parameters: parsed, or rejected with Malformed."""

from __future__ import annotations

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from flask import request

from forgather_units.api.json_body import parse_json
from forgather_units.domain.errors import Malformed, Refused
from forgather_units.domain.text import shown, text_problem

Choice = TypeVar("Choice", bound=StrEnum)

_BOOLEANS: Final = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}


def required(name: str) -> str:
    """A required text. Raises Malformed if it is missing."""
    value = text(name)
    if not value:
        raise Malformed(f"{name} is missing: /api/...?{name}=", field=name)
    return value


def text(name: str) -> str:
    """A text, empty if missing. Raises Refused for an invalid text (domain.text)."""
    value = request.args.get(name, "")
    if problem := text_problem(value):
        raise Refused(f"{name} {problem}", field=name)
    return value


def folder(name: str) -> str:
    """A required absolute path. Raises Malformed for any other."""
    path = required(name)
    if not Path(path).is_absolute():
        raise Malformed(f"{name} must be an absolute path, not {path!r}", field=name)
    return os.path.normpath(path)


def boolean(name: str, *, default: bool) -> bool:
    """A boolean. Raises Malformed for any other value."""
    if name not in request.args:
        return default
    value = text(name)
    if value.lower() not in _BOOLEANS:
        raise Malformed(f"{name} must be true or false, not {shown(value)}", field=name)
    return _BOOLEANS[value.lower()]


def integer(name: str, low: int, high: int, *, default: int) -> int:
    """An integer from `low` to `high`. Raises Malformed for any other value."""
    if name not in request.args:
        return default
    value = text(name)
    if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
        raise Malformed(f"{name} must be a whole number from {low} to {high}, not {shown(value)}", field=name)
    return int(value)


def moment(name: str) -> float | None:
    """Seconds since the epoch, None if missing. Raises Malformed for any other value."""
    if name not in request.args:
        return None
    value = text(name)
    if not re.fullmatch(r"[0-9]{1,10}(\.[0-9]{1,9})?", value):
        raise Malformed(f"{name} must be seconds since 1970, not {shown(value)}", field=name)
    return float(value)


def choice(name: str, choices: type[Choice], default: Choice) -> Choice:
    """One of `choices`. Raises Malformed for any other value."""
    if name not in request.args:
        return default
    value = text(name)
    if value not in list(choices):
        raise Malformed(f"{name} must be one of {', '.join(choices)}, not {shown(value)}", field=name)
    return choices(value)


def dynamic_args() -> dict[str, Any]:
    """Template variables, as `?dynamic_args={"name": value}`. Raises Malformed."""
    raw = request.args.get("dynamic_args")
    if not raw:
        return {}
    args = parse_json(raw, "dynamic_args")
    if not isinstance(args, dict) or not all(name.isidentifier() for name in args):
        raise Malformed("dynamic_args must be a JSON object of names and values", field="dynamic_args")
    return args
