"""Parsers of single job_params: each takes the whole mapping and a name, and raises Malformed or Refused."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from forgather_units.domain import values
from forgather_units.domain.errors import Malformed, Refused
from forgather_units.domain.local_path import check_local
from forgather_units.domain.text import shown, text_problem

Params = Mapping[str, Any]
Parser = Callable[[Params, str], Any]


def text(params: Params, name: str) -> str | None:
    """Text or None; empty text stays. Valid Unicode of a bounded length (domain.text)."""
    value = params.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Malformed(f"{name} must be text, not {shown(value)}", field=name)
    if problem := text_problem(value):
        raise Refused(f"{name} {problem}", field=name)
    return value


def optional_text(params: Params, name: str) -> str | None:
    """The same; empty text is None."""
    return text(params, name) or None


def path(params: Params, name: str) -> str:
    """The path of something on this machine; whether it is there is for the machine to say."""
    value = text(params, name) or ""
    if not value.startswith("/"):
        check_local(value, name)
    return value


def truth(params: Params, name: str) -> bool | None:
    """None where it is not given."""
    given: bool | None = checked(values.truth)(params, name)
    return given


def whole(params: Params, name: str, default: int) -> int:
    given: int | None = checked(values.whole)(params, name)
    return default if given is None else given


def paths(params: Params, name: str) -> tuple[str, ...]:
    """A list of absolute paths."""
    value = params.get(name)
    if value is None:
        return ()
    if not isinstance(value, list | tuple) or not all(map(_is_absolute, value)):
        raise Malformed(f"{name} must be a list of absolute paths, not {shown(value)}", field=name)
    return tuple(value)


def _is_absolute(value: object) -> bool:
    return isinstance(value, str) and not text_problem(value) and Path(value).is_absolute()


def checked(parse: Callable[[Any], Any]) -> Parser:
    """By a function of domain.values or domain.quantities; None where it is not given."""

    def parsed(params: Params, name: str) -> Any:
        value = params.get(name)
        try:
            return None if value is None else parse(value)
        except ValueError as why:
            error = Malformed if isinstance(why, values.WrongType) else Refused
            raise error(f"{name} {why}, not {shown(value)}", field=name) from None

    return parsed
