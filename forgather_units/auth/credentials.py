"""What a request shows of itself: bearer token, `?token=`, session cookies, and the user at the other end."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

SESSION_COOKIE: Final = "forgather_session"
TOKEN_PARAMETER: Final = "token"  # noqa: S105 - the name of a parameter
PEER: Final = "forgather.peer"
"""In the environ: the number of the user at the other end of a unix socket, as the kernel says it. Not there behind a
reverse proxy, where that is the proxy's."""

_BEARER = re.compile(r"[ \t]*bearer(?:[ \t]+(\S+))?[ \t]*", re.IGNORECASE)
_IS_BEARER = re.compile(r"[ \t]*bearer(?:[ \t,]|$)", re.IGNORECASE)
# WSGI joins several Cookie headers by a comma, so ours may also start behind one.
_COOKIE = re.compile(rf"(?:^|[;,])[ \t]*{SESSION_COOKIE}=([A-Za-z0-9_.~\-]+)[ \t]*(?=[;,]|$)")
# Each costs a signature to check; a browser sends one for each path below which a page has set one.
_MOST_SESSIONS: Final = 8
# Cookies know no ports: all servers under one host name share this one, so each leaves in it what is another's.
_BETWEEN: Final = "~"
_MOST_SHARED: Final = 4


@dataclass(frozen=True, slots=True)
class Presented:
    """None and empty: not shown at all. A malformed bearer is shown, and empty: it fits nobody."""

    bearer: str | None
    query: str | None
    sessions: tuple[str, ...]
    peer: int | None = None


def presented(environ: dict[str, Any]) -> Presented:
    """From a WSGI environ."""
    return Presented(
        _bearer(environ.get("HTTP_AUTHORIZATION", "")),
        _query(environ.get("QUERY_STRING", "")),
        _sessions(environ.get("HTTP_COOKIE", "")),
        environ.get(PEER),
    )


def shared(sessions: Iterable[str]) -> str:
    """The value of the one cookie that holds these sessions, of which the first ones stay if there are too many."""
    return _BETWEEN.join(tuple(sessions)[:_MOST_SHARED])


def _sessions(cookies: str) -> tuple[str, ...]:
    values = _COOKIE.findall(cookies)[:_MOST_SESSIONS]
    return tuple(each for value in values for each in value.split(_BETWEEN)[:_MOST_SHARED] if each)[:_MOST_SESSIONS]


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
