"""Selects the headers to forward: from the client to the viewer, and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from forgather_units.auth.credentials import FRONT_SIGN_IN
from forgather_units.http.message import Headers
from forgather_units.proxy.containment import ORIGIN_WIDE
from forgather_units.proxy.credentials import holds_bearer, sets_session, without_session, without_token_in_url

HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "trailers",
        "transfer-encoding",
        "upgrade",
    }
)
"""They apply to one connection (RFC 9110, 7.6.1), so they are never forwarded."""

# The proxy sends its own: a client's claims about its address are untrusted. The server has already responded to
# Expect, and has the whole body.
_SET_BY_PROXY: Final = frozenset(
    {
        "expect",
        "forwarded",
        "host",
        "content-length",
        "x-forwarded-by",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-port",
        "x-forwarded-prefix",
        "x-forwarded-proto",
        "x-forwarded-scheme",
        "x-forwarded-server",
        "x-forwarded-ssl",
        "x-real-ip",
    }
)
_NEVER_UPSTREAM: Final = HOP_BY_HOP | _SET_BY_PROXY
# The server in front of us adds its own Server, and Via if it sees a second one.
_NEVER_DOWNSTREAM: Final = HOP_BY_HOP | ORIGIN_WIDE | {"server", "referrer-policy"}
_USUAL_CONNECTION: Final = frozenset({"", "keep-alive", "close"})

# What a front that signs users in adds to their requests: its session, names, tokens.
_OF_SIGN_IN: Final = re.compile(
    r"HTTP_(COOKIE|AUTHORIZATION|(REMOTE|X_FORWARDED|X_AUTH|X_WEBAUTH|X_AMZN_OIDC|X_GOOG|CF_ACCESS).*)"
)

# Headers that are rewritten, or dropped if the result is empty.
_REWRITTEN: Final[dict[str, Callable[[str], str]]] = {
    "HTTP_AUTHORIZATION": lambda value: "" if holds_bearer(value) else value,
    "HTTP_COOKIE": without_session,
    "HTTP_REFERER": without_token_in_url,
}


# Bounded: a client chooses the names.
@lru_cache(maxsize=1024)
def _wire_name(key: str) -> str | None:
    """`HTTP_ACCEPT_ENCODING` -> `Accept-Encoding`; None for a header that is not forwarded."""
    if key == "CONTENT_TYPE":
        return "Content-Type"
    if not key.startswith("HTTP_"):
        return None
    name = key[5:].replace("_", "-").title()
    return None if name.lower() in _NEVER_UPSTREAM else name


def request_headers(environ: dict[str, Any], default_host: str) -> list[str]:
    """The header lines to send upstream, without line ends.

    `default_host` is used if the client (HTTP/1.0) sent no Host. Host and prefix are not repeated in X-Forwarded
    headers: each header line costs the viewer time. Content-Length is not included; the code that sends the body adds
    it.
    """
    has_front_sign_in = FRONT_SIGN_IN in environ
    named = _named_by(environ.get("HTTP_CONNECTION", ""))
    host = environ.get("HTTP_HOST", "")
    lines = [f"Host: {host or default_host}"]
    for key, value in environ.items():
        name = _wire_name(key)
        if name is None or (named and name.lower() in named):
            continue
        if has_front_sign_in and _OF_SIGN_IN.fullmatch(key):
            continue
        rewrite = _REWRITTEN.get(key)
        if rewrite and not (value := rewrite(value)):
            continue
        lines.append(f"{name}: {value}")
    lines += (
        f"X-Forwarded-For: {environ.get('REMOTE_ADDR') or 'unknown'}",
        f"X-Forwarded-Proto: {environ['wsgi.url_scheme']}",
        "Connection: close",
    )
    return lines


def response_headers(received: Headers, *, has_body: bool) -> Headers:
    """The viewer's headers to forward, in their order with duplicates.

    `has_body` False (204, 304) drops Content-Length, since waitress would wait for that many bytes.
    """
    dropped = _NEVER_DOWNSTREAM if has_body else _NEVER_DOWNSTREAM | {"content-length"}
    named = _named_by(",".join(value for name, value in received if name.lower() == "connection"))
    passed: Headers = []
    for name, value in received:
        low = name.lower()
        if low in dropped or low in named or (low == "set-cookie" and sets_session(value)):
            continue
        passed.append((name, value))
    passed.append(("Referrer-Policy", "same-origin"))
    return passed


def _named_by(connection: str) -> frozenset[str]:
    """The lower-case header names that a Connection value declares hop-by-hop."""
    low = connection.lower()
    if low in _USUAL_CONNECTION:
        return frozenset()
    # A client must not make us drop headers that frame the message.
    return frozenset(re.split(r"[ \t]*,[ \t]*", low.strip())) - {"content-length", "host", "content-type"}
