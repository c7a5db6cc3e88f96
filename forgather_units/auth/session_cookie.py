"""The cookie with a browser's sessions: name, path, and how several servers share it.

Cookies ignore ports: all servers under one host name share one cookie, so each keeps the other servers' sessions in it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

_PLAIN: Final = "forgather_session"
# Browsers accept `__Host-` only over https, for the whole host and with Path=/; `__Secure-` only over https. Plain http
# cannot set either. Neither prevents a plain cookie from being set: only a Secure cookie of the same name does.
_PREFIXES: Final = ("", "__Secure-", "__Host-")
NAMES: Final = tuple(f"{prefix}{_PLAIN}" for prefix in _PREFIXES)
"""All names of the cookie, for any scheme. Viewers must neither see nor set any of them."""

# Checking each costs a signature; a browser sends one for each path below which a page has set one.
_MAX_SESSIONS: Final = 8
_SEPARATOR: Final = "~"
_MAX_SHARED: Final = 4
# WSGI joins several Cookie headers with commas, so the session cookie may also follow a comma.
_COOKIES: Final = {name: re.compile(rf"(?:^|[;,])[ \t]*{name}=([A-Za-z0-9_.~\-]+)[ \t]*(?=[;,]|$)") for name in NAMES}


def cookie_path(base: str) -> str:
    """The cookie's Path: the server's base path, with a trailing slash."""
    return f"{base}/"


def cookie_name(scheme: str, base: str) -> str:
    """The cookie's name for this scheme and base path."""
    if scheme != "https":
        return NAMES[0]
    return NAMES[1] if base else NAMES[2]


def _name_for(environ: dict[str, Any]) -> str:
    return cookie_name(environ.get("wsgi.url_scheme", "http"), environ.get("SCRIPT_NAME", ""))


def sessions_in(environ: dict[str, Any]) -> tuple[str, ...]:
    """The sessions in a request, only from the cookie name for its scheme: over https an attacker may set a plain
    cookie through a plain-http server of the same name."""
    cookies = environ.get("HTTP_COOKIE", "")
    if _PLAIN not in cookies:
        return ()
    values = _COOKIES[_name_for(environ)].findall(cookies)[:_MAX_SESSIONS]
    return tuple(session for value in values for session in value.split(_SEPARATOR)[:_MAX_SHARED] if session)[
        :_MAX_SESSIONS
    ]


def shared(sessions: Iterable[str]) -> str:
    """The value of a cookie with these sessions; keeps the first ones if there are too many."""
    return _SEPARATOR.join(tuple(sessions)[:_MAX_SHARED])
