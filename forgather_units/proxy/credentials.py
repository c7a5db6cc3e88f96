"""The server's credentials never reach a viewer, and a viewer cannot set them.

Odd input (two Cookie headers, a percent-encoded `token`) has more removed rather than less.
"""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from forgather_units.auth.credentials import TOKEN_PARAMETER
from forgather_units.auth.session_cookie import NAMES

_SESSION_COOKIE = f"(?:{'|'.join(NAMES)})"
# WSGI joins several Cookie headers with commas, so the session cookie may also follow a comma.
_OUR_COOKIE = re.compile(rf"(?:^|[;,])[ \t]*{_SESSION_COOKIE}[ \t]*(?:=[^;]*)?(?=;|$)")
_BEARER = re.compile(r"(?:^|,)[ \t]*bearer(?:[ \t,]|$)", re.IGNORECASE)
# Browsers send a cookie without a name as its bare value: "=forgather_session=x" would become the session cookie.
_SETS_OUR_COOKIE = re.compile(rf"[ \t=]*{_SESSION_COOKIE}[ \t]*(?:[=;]|$)", re.IGNORECASE)


def without_token(query: str) -> str:
    """The query string less every parameter named `token`; the others are byte-identical."""
    # A name may be percent-encoded, and the gate decodes it: only a query without "%" can be judged by its letters.
    if "%" not in query and TOKEN_PARAMETER not in query:
        return query
    return "&".join(part for part in query.split("&") if unquote_plus(part.partition("=")[0]) != TOKEN_PARAMETER)


def without_session(cookies: str) -> str:
    """A Cookie header's value less our session; the other cookies keep their bytes. May be empty."""
    if NAMES[0] not in cookies:
        return cookies
    return _OUR_COOKIE.sub("", cookies).lstrip("; \t")


def holds_bearer(authorization: str) -> bool:
    """Whether an Authorization value is (or contains) a bearer token, which belongs to this server."""
    return _BEARER.search(authorization) is not None


def without_token_in_url(url: str) -> str:
    """A Referer less our token."""
    address, question, query = url.partition("?")
    if not question:
        return url
    kept = without_token(query)
    return f"{address}?{kept}" if kept or not query else address


def sets_session(set_cookie: str) -> bool:
    """Whether a viewer's Set-Cookie would overwrite or imitate our session."""
    return _SETS_OUR_COOKIE.match(set_cookie) is not None
