"""/api/health: the server's version and scope. Needs no authentication, so it returns nothing else."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from forgather_units import __version__
from forgather_units.domain.scope import Scope


def blueprint(scope: Scope) -> Blueprint:
    routes = Blueprint("health", __name__, url_prefix="/api/health")

    @routes.get("")
    def health() -> dict[str, Any]:
        return {"status": "ok", "version": __version__, "scope": scope.value}

    return routes
