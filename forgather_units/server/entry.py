"""The WSGI entry: the gate, then the proxy for what lies below its mount, then Flask for the rest.

The proxy stands beside Flask, not behind it: Flask's routing would cost each click in TensorBoard 0.16 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from forgather_units.auth.gate import Application, Gate
from forgather_units.auth.origin import Hosts
from forgather_units.proxy.mounts import brought_home
from forgather_units.proxy.waitress_guard import AtHand
from forgather_units.proxy.wsgi import Proxy
from forgather_units.server import metrics_routes
from forgather_units.server.app import create_app
from forgather_units.server.house import House
from forgather_units.server.metrics import Metrics
from forgather_units.server.releases import releases
from forgather_units.server.targets import resolver


def entry(house: House, address: str) -> tuple[Application, AtHand]:
    """What waitress serves, and which of it may be answered at once. `address` is where people open it."""
    app, metrics = create_app(house, address), Metrics(house)
    app.register_blueprint(metrics_routes.blueprint(metrics))
    proxy = Proxy(resolver(house.scheduler, house.makes.socket_path, releases(house)), observer=metrics.answered)

    def route(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        answer: Iterable[bytes] = (
            proxy(environ, start_response) if proxy.claims(environ) else app(environ, start_response)
        )
        return answer

    gate = Gate(route, house.authority, Hosts((*house.settings.allowed_hosts, house.settings.host)))
    # Before the gate: what a viewer's page asks for at the root is gated like the viewer.
    return lambda environ, start_response: gate(brought_home(environ), start_response), proxy.is_at_hand
