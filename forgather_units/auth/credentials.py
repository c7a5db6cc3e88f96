"""Reads a request's credentials: bearer token, `?token=`, session cookies, uid of a socket's peer, user of a proxy."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import unquote_plus

from forgather_units.auth.session_cookie import sessions_in

TOKEN_PARAMETER: Final = "token"  # noqa: S105 - the name of a parameter
PEER: Final = "forgather.peer"
"""Key in the environ: the uid of the peer of a unix socket, as the kernel reports it. Not set behind a reverse proxy,
where it would be the proxy's."""
FORWARDED_USER: Final = "forgather.forwarded_user"
"""Key in the environ: the name of the user whom a trusted proxy has signed in, as it says in the header of the setting
user_header. Never empty."""
FRONT_SIGN_IN: Final = "forgather.front_sign_in"
"""Key in the environ: set if a proxy in front signs users in. Its cookies and headers are credentials too."""

_BEARER = re.compile(r"[ \t]*bearer(?:[ \t]+(\S+))?[ \t]*", re.IGNORECASE)
_IS_BEARER = re.compile(r"[ \t]*bearer(?:[ \t,]|$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Presented:
    """Credentials of a request; None or empty: absent. A malformed bearer token is "", which never matches."""

    bearer: str | None
    query: str | None
    sessions: tuple[str, ...]
    peer: int | None = None
    user: str | None = None
    """The user whom a trusted proxy has signed in."""


def presented(environ: dict[str, Any]) -> Presented:
    """From a WSGI environ."""
    return Presented(
        _bearer(environ.get("HTTP_AUTHORIZATION", "")),
        _query(environ.get("QUERY_STRING", "")),
        sessions_in(environ),
        environ.get(PEER),
        environ.get(FORWARDED_USER),
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
    # Two different values are ambiguous.
    return values[0] if len(set(values)) == 1 else ""
