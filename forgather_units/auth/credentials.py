"""What a request shows of itself: bearer token, `?token=`, session cookies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

SESSION_COOKIE: Final = "forgather_session"
TOKEN_PARAMETER: Final = "token"  # noqa: S105 - the name of a parameter

_BEARER = re.compile(r"[ \t]*bearer(?:[ \t]+(\S+))?[ \t]*", re.IGNORECASE)
_IS_BEARER = re.compile(r"[ \t]*bearer(?:[ \t,]|$)", re.IGNORECASE)
# WSGI joins several Cookie headers by a comma, so ours may also start behind one.
_COOKIE = re.compile(rf"(?:^|[;,])[ \t]*{SESSION_COOKIE}=([A-Za-z0-9_.\-]+)[ \t]*(?=[;,]|$)")
# Each costs a signature to check; a browser sends one for each path below which a page has set one.
_MOST_COOKIES: Final = 8


@dataclass(frozen=True, slots=True)
class Presented:
    """None and empty: not shown at all. A malformed bearer is shown, and empty: it fits nobody."""

    bearer: str | None
    query: str | None
    cookies: tuple[str, ...]


def presented(environ: dict[str, Any]) -> Presented:
    """From a WSGI environ."""
    return Presented(
        _bearer(environ.get("HTTP_AUTHORIZATION", "")),
        _query(environ.get("QUERY_STRING", "")),
        tuple(_COOKIE.findall(environ.get("HTTP_COOKIE", ""))[:_MOST_COOKIES]),
    )


def _bearer(authorization: str) -> str | None:
    if not _IS_BEARER.match(authorization):
        return None
    whole = _BEARER.fullmatch(authorization)
    return (whole[1] or "") if whole else ""


def _query(query: str) -> str | None:
    if "%" not in query and TOKEN_PARAMETER not in query:
        return None
    pairs = (part.partition("=") for part in query.split("&"))
    values = [unquote_plus(value) for name, _, value in pairs if unquote_plus(name) == TOKEN_PARAMETER]
    if not values:
        return None
    # Two that differ: nobody can say which of them is meant.
    return values[0] if len(set(values)) == 1 else ""
