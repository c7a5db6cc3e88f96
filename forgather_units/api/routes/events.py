"""/api/events: the page's stream of changes."""

from __future__ import annotations

from flask import Blueprint, Response

from forgather_units.api.live.events import LiveEvents
from forgather_units.http.server.event_stream import stream_response


def blueprint(events: LiveEvents) -> Blueprint:
    """The route of the stream."""
    routes = Blueprint("events", __name__, url_prefix="/api/events")

    @routes.get("")
    def stream() -> Response:
        return stream_response(events.stream())

    return routes
