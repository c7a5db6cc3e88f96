"""/api/events: the page's one stream."""

from __future__ import annotations

from flask import Blueprint, Response

from forgather_units.server.answers import Answers
from forgather_units.server.house import House
from forgather_units.server.page_events import PageEvents
from forgather_units.server.streaming import stream_response


def blueprint(house: House, answers: Answers) -> Blueprint:
    routes = Blueprint("events", __name__, url_prefix="/api/events")
    events = PageEvents(house.changes, house.scheduler, house.services, answers)

    @routes.get("")
    def stream() -> Response:
        return stream_response(events.stream())

    return routes
