"""/api/health: whether the server is there, and which one it is. Open to all, so it says no more than that."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from forgather_units import __version__
from forgather_units.server.house import House


def blueprint(house: House) -> Blueprint:
    routes = Blueprint("health", __name__, url_prefix="/api/health")

    @routes.get("")
    def health() -> dict[str, Any]:
        return {"status": "ok", "version": __version__, "scope": house.scope.value}

    return routes
