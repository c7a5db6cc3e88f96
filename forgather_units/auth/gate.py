"""The gate: WSGI middleware in front of all routes and the proxy. It alone decides which requests are admitted."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from forgather_units.auth.admissions import ADMISSIONS
from forgather_units.auth.authority import Authority
from forgather_units.auth.credentials import FORWARDED_USER
from forgather_units.auth.gated_paths import needs_credentials
from forgather_units.auth.origin import Hosts
from forgather_units.auth.wrong_front import explanation
from forgather_units.domain.errors import ForgatherError
from forgather_units.error_page.page import Link, error_page
from forgather_units.error_page.relative import root_of
from forgather_units.error_page.response import as_json, as_page, wants_page

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]
Headers = tuple[tuple[str, str], ...]

log = logging.getLogger(__name__)

IDENTITY: Final = "forgather.identity"
"""Key in the environ: the Identity of the caller (None: not authenticated)."""

_CHALLENGE: Final = ("WWW-Authenticate", 'Bearer realm="forgather"')


@dataclass(frozen=True, slots=True)
class _Refusal:
    status: str
    detail: str
    headers: Headers = ()


_UNAUTHENTICATED: Final = _Refusal("401 Unauthorized", "authentication required", (_CHALLENGE,))
# The caller is not authenticated, so only the journal names the file and the problem.
_OUT_OF_ORDER: Final = _Refusal("503 Service Unavailable", "the server cannot read its secrets; its journal says why")


class Gate:
    """Admits requests that `authority` authenticates. Below /api/ all others are refused, except for three routes.

    Refuses requests under an unknown host name, and cross-site requests that would change something, for every path and
    every caller.
    """

    def __init__(self, app: Application, authority: Authority, hosts: Hosts) -> None:
        self._app = app
        self._authority = authority
        self._hosts = hosts

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        refusal = self._refusal(environ)
        if refusal is None:
            self.mark(environ)
            return self._app(environ, start_response)
        return _respond(refusal, environ, start_response)

    def mark(self, environ: Environ) -> None:
        """Let the response to this admitted request end when its credentials are withdrawn."""
        environ[ADMISSIONS] = self._authority.admissions

    def admits(self, environ: Environ) -> bool:
        """Whether this request is admitted."""
        return self._refusal(environ) is None

    def _refusal(self, environ: Environ) -> _Refusal | None:
        """The refusal; None if the request is admitted, with its IDENTITY set."""
        if not self._hosts.allow(environ):
            name = environ["HTTP_HOST"]
            return _Refusal("421 Misdirected Request", f"this server is not known as {name!r}: add it to allowed_hosts")
        try:
            identity = environ[IDENTITY] = self._authority.identify(environ)
        except ForgatherError as why:
            log.error("%s", f"{why.message} ({why.hint})" if why.hint else why.message)
            return _OUT_OF_ORDER
        if identity is None and needs_credentials(environ):
            return _unknown(environ[FORWARDED_USER]) if FORWARDED_USER in environ else _UNAUTHENTICATED
        return _foreign(environ) if self._hosts.is_foreign(environ) else None


def _unknown(user: str) -> _Refusal:
    return _Refusal("401 Unauthorized", f"{user!r} may not use this server", (_CHALLENGE,))


def _foreign(environ: Environ) -> _Refusal:
    why = explanation(environ)
    return _Refusal("403 Forbidden", f"cross-site request refused: {why}" if why else "cross-site request refused")


def _page(refusal: _Refusal, environ: Environ) -> bytes:
    root = root_of(environ)
    if not refusal.status.startswith("401"):
        return error_page(
            refusal.status.partition(" ")[2], f"{refusal.detail[0].upper()}{refusal.detail[1:]}.", root=root
        )
    # After the sign-in the page leads back to this address (web/src/features/sign-in/next.ts).
    query = environ.get("QUERY_STRING", "")
    wanted = quote(environ.get("PATH_INFO", "").encode("latin-1")) + (f"?{query}" if query else "")
    return error_page(
        "Sign in",
        "Sign in to open this address."
        if refusal is _UNAUTHENTICATED
        else f"{refusal.detail[0].upper()}{refusal.detail[1:]}. Sign in with a token to open this address.",
        links=[Link(f"/?next={quote(wanted, safe='/')}", "Sign in")],
        root=root,
    )


def _respond(refusal: _Refusal, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
    is_page = wants_page(environ["REQUEST_METHOD"], environ.get("HTTP_ACCEPT", ""))
    headers, body = as_page(_page(refusal, environ)) if is_page else as_json(refusal.detail)
    start_response(refusal.status, [*headers, *refusal.headers])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]
