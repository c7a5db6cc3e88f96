"""/api/metrics: for Prometheus, which authenticates by the token as a bearer credential."""

from __future__ import annotations

from flask import Blueprint, Response
from prometheus_client import CONTENT_TYPE_LATEST

from forgather_units.api.metrics import Metrics


def blueprint(metrics: Metrics) -> Blueprint:
    """The route."""
    routes = Blueprint("metrics", __name__, url_prefix="/api/metrics")

    @routes.get("")
    def read() -> Response:
        return Response(metrics.text(), content_type=CONTENT_TYPE_LATEST)

    return routes
