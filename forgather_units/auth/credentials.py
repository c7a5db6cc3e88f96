"""What a request shows of itself: bearer token, `?token=`, session cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

SESSION_COOKIE: Final = "forgather_session"
TOKEN_PARAMETER: Final = "token"  # noqa: S105 - the name of a parameter

_BEARER = re.compile(r"bearer[ \t]+(\S+)[ \t]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Presented:
    """None and empty: not shown at all."""

    bearer: str | None
    query: str | None
    cookies: tuple[str, ...]


def presented(environ: dict[str, Any]) -> Presented:
    """From a WSGI environ."""
    bearer = _BEARER.fullmatch(environ.get("HTTP_AUTHORIZATION", ""))
    query = environ.get("QUERY_STRING", "")
    tokens = [value for name, value in parse_qsl(query, max_num_fields=1000) if name == TOKEN_PARAMETER]
    return Presented(bearer[1] if bearer else None, tokens[0] if tokens else None, _sessions(environ))


def _sessions(environ: dict[str, Any]) -> tuple[str, ...]:
    pairs = (part.strip().partition("=") for part in environ.get("HTTP_COOKIE", "").split(";"))
    return tuple(value for name, _, value in pairs if name == SESSION_COOKIE)
