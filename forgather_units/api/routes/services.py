"""/api/services: the declared services."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, request

from forgather_units.api.json_body import json_body
from forgather_units.api.permission import need_admin
from forgather_units.automation.declared_services import DeclaredServices
from forgather_units.domain.errors import Malformed, Refused


def blueprint(services: DeclaredServices) -> Blueprint:
    """The service routes. Services are part of the server's settings, so only admins may change them."""
    routes = Blueprint("services", __name__, url_prefix="/api/services")
    actions = {"start": services.start, "stop": services.stop}

    @routes.before_request
    def check_admin() -> None:
        if request.method != "GET":
            need_admin("change its services")

    @routes.get("")
    def list_services() -> list[dict[str, Any]]:
        return services.all()

    @routes.post("")
    def create() -> dict[str, Any]:
        return services.create(json_body())

    @routes.delete("/<kind>/<name>")
    def remove(kind: str, name: str) -> dict[str, Any]:
        services.remove(kind, name)
        return {"deleted": f"{kind}:{name}"}

    @routes.post("/<kind>/<name>/enabled")
    def enable(kind: str, name: str) -> dict[str, Any]:
        body = json_body()
        if not isinstance(body, dict) or not isinstance(body.get("enabled"), bool):
            raise Malformed('the body must be {"enabled": true} or {"enabled": false}', field="enabled")
        return services.enable(kind, name, body["enabled"])

    @routes.post("/<kind>/<name>/control/<action>")
    def control(kind: str, name: str, action: str) -> dict[str, Any]:
        if action not in actions:
            raise Refused(f"unsupported action {action!r}: a service has {' and '.join(actions)}", field="action")
        return actions[action](kind, name)

    return routes
