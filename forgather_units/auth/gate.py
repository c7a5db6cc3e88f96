"""The gate: one WSGI middleware in front of every route and of the proxy. What is not let in here is let in nowhere."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from forgather_units.auth.authority import Authority
from forgather_units.auth.gated_paths import needs_credentials
from forgather_units.auth.origin import Hosts
from forgather_units.domain.errors import ForgatherError

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Headers = tuple[tuple[str, str], ...]

log = logging.getLogger(__name__)

IDENTITY: Final = "forgather.identity"
"""Where in the environ the application finds who is asking (None: nobody)."""

_CHALLENGE: Final = ("WWW-Authenticate", 'Bearer realm="forgather"')
_COMMON: Final[Headers] = (
    ("Cache-Control", "no-store"),
    ("Vary", "Accept"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"),
)
_SIGN_IN: Final = b"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Sign in</title>
<p>This page is behind a sign-in. <a href="/" target="_top">Sign in</a>, then open it again.</p></html>
"""


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: str
    detail: str
    headers: Headers = ()
    page: bytes | None = None
    """Shown to a browser in place of the detail."""


_UNAUTHENTICATED: Final = _Refusal("401 Unauthorized", "authentication required", (_CHALLENGE,), _SIGN_IN)
_FOREIGN: Final = _Refusal("403 Forbidden", "a page of another site may not change anything here")
# Whoever asks may be anybody: what is wrong with which file stands in the journal.
_OUT_OF_ORDER: Final = _Refusal("503 Service Unavailable", "the server cannot read its secrets; its journal says why")


class Gate:
    """Lets in whom `authority` knows. Everything below /api/ but three routes is closed to others, for every method.

    Requests under a name that is not ours, and those by which a foreign page would change something, are refused
    wherever they go and whoever sends them.
    """

    def __init__(self, app: Application, authority: Authority, hosts: Hosts) -> None:
        self._app = app
        self._authority = authority
        self._hosts = hosts

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        refusal = self._refusal(environ)
        if refusal is None:
            return self._app(environ, start_response)
        return _answer(refusal, environ, start_response)

    def admits(self, environ: Environ) -> bool:
        """Whether this request would be let in."""
        return self._refusal(environ) is None

    def _refusal(self, environ: Environ) -> _Refusal | None:
        """Why not to let this request in; None: it goes on, with its IDENTITY."""
        if not self._hosts.allow(environ):
            name = environ["HTTP_HOST"]
            return _Refusal("421 Misdirected Request", f"this server is not known as {name!r}: add it to allowed_hosts")
        try:
            identity = environ[IDENTITY] = self._authority.identify(environ)
        except ForgatherError as why:
            log.error("%s", f"{why.message} ({why.hint})" if why.hint else why.message)
            return _OUT_OF_ORDER
        if identity is None and needs_credentials(environ):
            return _UNAUTHENTICATED
        return _FOREIGN if self._hosts.is_foreign(environ) else None


def _answer(refusal: _Refusal, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    reads = environ["REQUEST_METHOD"] in ("GET", "HEAD")
    if refusal.page is not None and reads and "text/html" in environ.get("HTTP_ACCEPT", ""):
        kind, body = "text/html; charset=utf-8", refusal.page
    else:
        kind, body = "application/json", json.dumps({"detail": refusal.detail}).encode()
    about = (("Content-Type", kind), ("Content-Length", str(len(body))))
    start_response(refusal.status, [*about, *_COMMON, *refusal.headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
