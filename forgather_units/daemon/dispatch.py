"""Dispatches requests: the gate first, then the proxy for viewers' paths, Flask for the rest.

The proxy is not a Flask view: Flask's routing would add 0.16 ms to each request of TensorBoard's page.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from forgather_units.auth.authority import Authority
from forgather_units.auth.gate import Application, Gate
from forgather_units.auth.origin import Hosts
from forgather_units.error_page.tokenless import tokenless
from forgather_units.http.base_path import BasePath
from forgather_units.http.message import Reply
from forgather_units.http.server.environ import IN_FLIGHT
from forgather_units.proxy.containment import PUBLIC_ORIGIN
from forgather_units.proxy.forwarding import InFlightRequest
from forgather_units.proxy.mounts import is_mounted, rewrite_root_request
from forgather_units.proxy.wsgi import Proxy

Environ = dict[str, Any]


class Gateway:
    """WSGI entry point: gate, then proxy for viewer paths, Flask for the rest."""

    def __init__(
        self, app: Application, proxy: Proxy, authority: Authority, hosts: Hosts, public: tuple[str, str] = ("", "")
    ) -> None:
        """`public` are origin and base path of `public_url`."""
        self._origin, base = public
        self._base = BasePath(base)
        self._app = app
        self._proxy = proxy
        self._gate = Gate(self._route, authority, hosts)
        self._gated = tokenless(self._gate)

    @property
    def home(self) -> str:
        """The path of the page, as the browser sees it."""
        return f"{self._base.configured}/"

    def reads_body(self, raw: str) -> bool:
        """Whether this raw target is one of a viewer."""
        return is_mounted(self._base.without(raw))

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if (address := self._base.with_slash(environ)) is not None:
            start_response("301 Moved Permanently", [("Location", address), ("Content-Length", "0")])
            return []
        environ = self._applied(environ)
        if IN_FLIGHT in environ:
            # The gate has admitted it in handle_early(), and the request is sent.
            self._gate.mark(environ)
            return self._proxy(environ, start_response)
        # Before the gate, so that root requests of a viewer's page need the viewer's credentials.
        return self._gated(rewrite_root_request(environ), start_response)

    def handle_early(self, environ: Environ) -> Reply | InFlightRequest | None:
        """The EarlyHandler: only for viewers' paths, and only if the gate admits the request."""
        environ = rewrite_root_request(self._applied(environ))
        return self._proxy.handle_early(environ, self._gate.admits) if self._proxy.claims(environ) else None

    def _applied(self, environ: Environ) -> Environ:
        applied = self._base.apply(environ)
        if self._origin:
            applied[PUBLIC_ORIGIN] = self._origin
        return applied

    def _route(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        return (self._proxy if self._proxy.claims(environ) else self._app)(environ, start_response)
