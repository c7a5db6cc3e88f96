"""The order in which a request meets the parts of the server: the gate, then the proxy, then Flask.

The proxy stands beside Flask, not behind it: Flask's routing would cost each click in TensorBoard 0.16 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from forgather_units.auth.authority import Authority
from forgather_units.auth.gate import Application, Gate
from forgather_units.auth.origin import Hosts
from forgather_units.proxy.forwarding import Begun
from forgather_units.proxy.mounts import brought_home
from forgather_units.proxy.pages import Answer
from forgather_units.proxy.waitress_guard.environ import BEGUN
from forgather_units.proxy.wsgi import Proxy

Environ = dict[str, Any]


class Gateway:
    """What waitress serves: `proxy` below its mounts, `app` everywhere else, for whom `authority` knows."""

    def __init__(self, app: Application, proxy: Proxy, authority: Authority, hosts: Hosts) -> None:
        self._app = app
        self._proxy = proxy
        self._gate = Gate(self._route, authority, hosts)

    def __call__(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        if BEGUN in environ:
            # The gate has let it through a moment ago, and the viewer has it.
            return self._proxy(environ, start_response)
        # Before the gate: what a viewer's page asks for at the root is gated like the viewer.
        return self._gate(brought_home(environ), start_response)

    def first_look(self, environ: Environ) -> Answer | Begun | None:
        """How this is answered early, if it is. Nothing is that the gate would not let through."""
        environ = brought_home(environ)
        return self._proxy.first_look(environ, self._gate.admits) if self._proxy.claims(environ) else None

    def _route(self, environ: Environ, start_response: Any) -> Iterable[bytes]:
        return (self._proxy if self._proxy.claims(environ) else self._app)(environ, start_response)
