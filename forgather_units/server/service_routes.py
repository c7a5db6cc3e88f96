"""/api/services: the declared services."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from forgather_units.domain.errors import Malformed, Refused
from forgather_units.server.permission import need_admin
from forgather_units.server.services import Services


def blueprint(services: Services) -> Blueprint:
    """The routes of the services. They stand in the server's settings, so its admins alone change them."""
    routes = Blueprint("services", __name__, url_prefix="/api/services")
    actions = {"start": services.start, "stop": services.stop}

    @routes.before_request
    def of_admins() -> None:
        if request.method != "GET":
            need_admin("change its services")

    @routes.get("")
    def list_services() -> list[dict[str, Any]]:
        return services.all()

    @routes.post("")
    def create() -> dict[str, Any]:
        return services.create(request.get_json())

    @routes.delete("/<kind>/<name>")
    def remove(kind: str, name: str) -> dict[str, Any]:
        services.remove(kind, name)
        return {"removed": f"{kind}/{name}"}

    @routes.post("/<kind>/<name>/enabled")
    def enable(kind: str, name: str) -> dict[str, Any]:
        body = request.get_json()
        if not isinstance(body, dict) or not isinstance(body.get("enabled"), bool):
            raise Malformed('the body must be {"enabled": true} or {"enabled": false}', field="enabled")
        return services.enable(kind, name, body["enabled"])

    @routes.post("/<kind>/<name>/control/<action>")
    def control(kind: str, name: str, action: str) -> dict[str, Any]:
        if action not in actions:
            raise Refused(f"unsupported action {action!r}: a service has {' and '.join(actions)}", field="action")
        return actions[action](kind, name)

    return routes
