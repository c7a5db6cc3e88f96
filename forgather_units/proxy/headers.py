"""Which headers pass: the client's to the viewer, the viewer's to the client."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Final

from forgather_units.proxy.containment import ORIGIN_WIDE
from forgather_units.proxy.credentials import holds_bearer, sets_session, without_session, without_token_in_url

Headers = list[tuple[str, str]]

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
"""They speak of one connection alone (RFC 9110, 7.6.1), and so never pass."""

# We say them ourselves: what the client claims of its own address is not to be trusted by a viewer. Expect was
# answered by the server, which has the whole body by now.
_OURS_TO_SAY: Final = frozenset(
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
_NEVER_UPSTREAM: Final = HOP_BY_HOP | _OURS_TO_SAY
# The server in front of us adds its own Server, and Via if it sees a second one.
_NEVER_DOWNSTREAM: Final = HOP_BY_HOP | ORIGIN_WIDE | {"server", "referrer-policy"}
_USUAL_CONNECTION: Final = frozenset({"", "keep-alive", "close"})

# Headers that pass changed, or not at all where the answer is empty.
_REWRITTEN: Final[dict[str, Callable[[str], str]]] = {
    "HTTP_AUTHORIZATION": lambda value: "" if holds_bearer(value) else value,
    "HTTP_COOKIE": without_session,
    "HTTP_REFERER": without_token_in_url,
}


# Bounded: a client chooses the names.
@lru_cache(maxsize=1024)
def _wire_name(key: str) -> str | None:
    """`HTTP_ACCEPT_ENCODING` -> `Accept-Encoding`; None for what does not pass."""
    if key == "CONTENT_TYPE":
        return "Content-Type"
    if not key.startswith("HTTP_"):
        return None
    name = key[5:].replace("_", "-").title()
    return None if name.lower() in _NEVER_UPSTREAM else name


def request_headers(environ: dict[str, Any], default_host: str) -> list[str]:
    """The header lines to send upstream, without line ends.

    `default_host` is said where the client (HTTP/1.0) said no Host. The client's Host, and the viewer's prefix in the
    target, are said once: each header line costs a viewer time. Content-Length is not among them: it belongs to
    whoever sends the body.
    """
    named = _named_by(environ.get("HTTP_CONNECTION", ""))
    host = environ.get("HTTP_HOST", "")
    lines = [f"Host: {host or default_host}"]
    for key, value in environ.items():
        name = _wire_name(key)
        if name is None or (named and name.lower() in named):
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
    """The viewer's headers that pass, in their order and with their duplicates.

    `has_body` False (204, 304) drops Content-Length, which the server would wait for.
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


def values(headers: Iterable[tuple[str, str]], name: str) -> list[str]:
    """All values of a header, by its lower-case name."""
    return [value for key, value in headers if key.lower() == name]


def _named_by(connection: str) -> frozenset[str]:
    """The lower-case header names that a Connection value declares hop-by-hop."""
    low = connection.lower()
    if low in _USUAL_CONNECTION:
        return frozenset()
    # A client may not have us drop what frames the message.
    return frozenset(re.split(r"[ \t]*,[ \t]*", low.strip())) - {"content-length", "host", "content-type"}
