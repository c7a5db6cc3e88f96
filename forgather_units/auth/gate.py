"""The gate: one WSGI middleware in front of every route and of the proxy. What is not let in here is let in nowhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any, Final

from forgather_units.auth.authority import Authority, How
from forgather_units.auth.origin import Hosts, is_foreign
from forgather_units.domain.errors import Unavailable

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]

IDENTITY: Final = "forgather.identity"
"""Where in the environ the application finds who is asking (None: nobody)."""

OPEN: Final = frozenset({("GET", "/api/health"), ("GET", "/api/auth/status"), ("POST", "/api/auth/login")})
"""The only routes below /api/ without credentials: exactly these methods and paths."""

_SLASHES = re.compile(r"/{2,}")
_SIGN_IN: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>
<p>This page is behind a sign-in. <a href="/">Sign in</a>, then open it again.</p></html>
"""


def is_gated(path: str) -> bool:
    """Whether a decoded path lies below /api/, however it is spelled: doubled slashes, dots, capitals."""
    parts: list[str] = []
    for part in _SLASHES.sub("/", path).lower().split("/"):
        if part == "..":
            del parts[-1:]
        elif part not in ("", "."):
            parts.append(part)
    # Both spellings: what a router makes of `..` is none of our business, so both must be harmless.
    plain = _SLASHES.sub("/", path).lower()
    return parts[:1] == ["api"] or plain.startswith("/api/") or plain == "/api"


class Gate:
    """Lets in whom `authority` knows. Everything below /api/ but OPEN is closed to all others, for every method."""

    def __init__(self, app: Application, authority: Authority, hosts: Hosts) -> None:
        self._app = app
        self._authority = authority
        self._hosts = hosts

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ.get("PATH_INFO", "")
        if not self._hosts.allow(environ):
            return _refuse(start_response, "421 Misdirected Request", _unknown_name(environ))
        try:
            identity = self._authority.identify(environ)
        except Unavailable as why:
            return _refuse(start_response, "503 Service Unavailable", why.message)
        if identity is None and is_gated(path) and (method, path) not in OPEN:
            return _challenge(environ, start_response)
        # A bearer is not something that a browser adds by itself, so nobody can borrow it.
        if (identity is None or identity.how is not How.BEARER) and is_foreign(environ):
            return _refuse(start_response, "403 Forbidden", "a page of another site may not change anything here")
        environ[IDENTITY] = identity
        return self._app(environ, start_response)


def _unknown_name(environ: Environ) -> str:
    return f"this server is not known as {environ.get('HTTP_HOST', '')!r}: add the name to allowed_hosts"


def _challenge(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    challenge = ("WWW-Authenticate", 'Bearer realm="forgather"')
    if environ["REQUEST_METHOD"] == "GET" and "text/html" in environ.get("HTTP_ACCEPT", ""):
        kind = ("Content-Type", "text/html; charset=utf-8")
        return _answer(start_response, "401 Unauthorized", _SIGN_IN, kind, challenge)
    return _refuse(start_response, "401 Unauthorized", "authentication required", challenge)


def _refuse(start_response: StartResponse, status: str, detail: str, *headers: tuple[str, str]) -> Iterable[bytes]:
    body = json.dumps({"detail": detail}).encode()
    return _answer(start_response, status, body, ("Content-Type", "application/json"), *headers)


def _answer(start_response: StartResponse, status: str, body: bytes, *headers: tuple[str, str]) -> Iterable[bytes]:
    common = [("Content-Length", str(len(body))), ("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff")]
    start_response(status, [*headers, *common])
    return [body]
