"""Parsers of single job_params: each takes the whole mapping and a name, and raises Malformed or Refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from forgather_units.domain.errors import Malformed, Refused
from forgather_units.domain.listening import AUTO, Port

Params = Mapping[str, Any]
Parser = Callable[[Params, str], Any]


def text(params: Params, name: str) -> str | None:
    """Text or None; empty text stays."""
    value = params.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed(f"{name} must be text, not {value!r}", field=name)
    if "\0" in value:
        raise Refused(f"{name} cannot hold a NUL character", field=name)
    return value


def optional_text(params: Params, name: str) -> str | None:
    """The same; empty text is None."""
    return text(params, name) or None


def path(params: Params, name: str) -> str:
    """Text; what it names is for the machine to say."""
    return text(params, name) or ""


def truth(params: Params, name: str) -> bool:
    value = params.get(name)
    if value is not None and not isinstance(value, bool):
        raise Malformed(f"{name} must be true or false, not {value!r}", field=name)
    return bool(value)


def whole(params: Params, name: str, default: int) -> int:
    value = params.get(name)
    if value is None:
        return default
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{name} must be a whole number, not {value!r}", field=name)
    return value


def port(usual: int) -> Parser:
    """A port or `auto`; `usual` where it is not given."""

    def parse(params: Params, name: str) -> Port:
        if params.get(name) == AUTO:
            return AUTO
        number = whole(params, name, usual)
        if not 1 <= number <= 65535:
            raise Refused(f"port must be from 1 to 65535, or auto, not {number}", field=name)
        return number

    return parse


def paths(params: Params, name: str) -> tuple[str, ...]:
    """A list of absolute paths."""
    value = params.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(map(_is_absolute, value)):
        raise Malformed(f"{name} must be a list of absolute paths, not {value!r}", field=name)
    return tuple(value)


def _is_absolute(value: object) -> bool:
    return isinstance(value, str) and "\0" not in value and Path(value).is_absolute()


def quantity(parse: Callable[[Any], Any]) -> Parser:
    """By a function of domain.quantities."""

    def parsed(params: Params, name: str) -> Any:
        try:
            return parse(params.get(name))
        except ValueError as why:
            raise Refused(f"{name} {why}, not {params[name]!r}", field=name) from None

    return parsed
