"""The WSGI entry, put together for one house."""

from __future__ import annotations

from forgather_units.auth.origin import Hosts
from forgather_units.proxy.wsgi import Proxy
from forgather_units.server import metrics_routes
from forgather_units.server.app import create_app
from forgather_units.server.gateway import Gateway
from forgather_units.server.house import House
from forgather_units.server.metrics import Metrics
from forgather_units.server.releases import releases
from forgather_units.server.targets import resolver


def entry(house: House, address: str) -> Gateway:
    """What waitress serves. `address` is where people open it."""
    app, metrics = create_app(house, address), Metrics(house)
    app.register_blueprint(metrics_routes.blueprint(metrics))
    proxy = Proxy(resolver(house.scheduler, house.makes.socket_path, releases(house)), observer=metrics.answered)
    return Gateway(app, proxy, house.authority, Hosts((*house.settings.allowed_hosts, house.settings.host)))
