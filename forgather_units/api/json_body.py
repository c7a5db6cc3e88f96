"""The only parser of JSON from clients, with the limits for every route.

It limits the depth, the length of each text and of each key, and the numbers; text must be valid Unicode. A value
that passes can be stored, serialized again and put on a command line.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Any, Final, NoReturn

from flask import request
from werkzeug.exceptions import UnsupportedMediaType

from forgather_units.domain.errors import Malformed, Refused
from forgather_units.domain.text import shown, text_problem

MAX_DEPTH: Final = 32
"""Levels of objects and lists. `jq` reads 256, and responses add a few around the client's data."""
_INTEGERS: Final = range(-(2**63), 2**63)
_MAX_DIGITS: Final = 19


def json_body() -> Any:
    """The current request's body. Raises Malformed or Refused with one sentence; another type of body is a 415."""
    if not request.is_json:
        raise UnsupportedMediaType("the body must be JSON, with Content-Type: application/json")
    return parse_json(request.get_data(cache=False))


def parse_json(data: bytes | str, name: str = "") -> Any:
    """Parse `data` within the limits. `name` is the field that contains it, empty for a body.

    Raises Malformed and Refused.
    """
    what = name or "the body"
    try:
        text = data.decode() if isinstance(data, bytes) else data
        value = json.loads(text, parse_int=_integer, parse_float=_finite, parse_constant=_no_number)
    except UnicodeDecodeError:
        raise Malformed(f"{what} is not UTF-8", field=name) from None
    except RecursionError:
        raise _too_deep(what, name) from None
    except json.JSONDecodeError as why:
        raise Malformed(f"{what} is not JSON: {why.msg} at character {why.pos + 1}", field=name) from None
    _check(value, what, name)
    return value


def _check(value: Any, what: str, name: str) -> None:
    # Not recursive: Python's parser accepts more levels than the stack allows.
    levels: list[Iterator[tuple[str, Any]]] = [iter(((name, value),))]
    while levels:
        if (found := next(levels[-1], None)) is None:
            levels.pop()
            continue
        field, one = found
        if isinstance(one, str):
            _check_text(one, field or what, field)
        elif isinstance(one, list | dict):
            levels.append(_inside(one, field))
            if len(levels) > MAX_DEPTH + 1:
                raise _too_deep(what, name)


def _inside(value: list[Any] | dict[str, Any], field: str) -> Iterator[tuple[str, Any]]:
    """Its values, each with the innermost key above it."""
    if isinstance(value, list):
        yield from ((field, one) for one in value)
        return
    for key, one in value.items():
        _check_text(key, f"a key in {field}" if field else "a key", field)
        yield key, one


def _check_text(text: str, what: str, field: str) -> None:
    if problem := text_problem(text):
        raise Refused(f"{what} {problem}", field=field)


def _too_deep(what: str, name: str) -> Refused:
    return Refused(f"{what} is nested more than {MAX_DEPTH} levels deep", field=name)


def _integer(digits: str) -> int:
    # int() is fast for this many digits, and refuses more than 4300.
    if len(digits) > _MAX_DIGITS + 1 or int(digits) not in _INTEGERS:
        raise Refused(f"the number {shown(digits)[1:-1]} does not fit into 64 bits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise Refused(f"the number {shown(digits)[1:-1]} does not fit into 64 bits")
    return number


def _no_number(word: str) -> NoReturn:
    raise Malformed(f"{word} is not a JSON number")
