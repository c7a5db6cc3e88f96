"""/api/jobs/<id>/tty: the whole output as text, and the live stream."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import ExitStack
from typing import Any

from flask import Blueprint, Response, request

from forgather_units.domain.job import Job
from forgather_units.server.answers import Answers
from forgather_units.server.house import House
from forgather_units.server.streaming import stream_response
from forgather_units.server.tty_stream import event_stream


def blueprint(house: House, answers: Answers) -> Blueprint:
    """The routes of a job's terminal."""
    routes = Blueprint("tty", __name__, url_prefix="/api/jobs")

    @routes.get("/<queue_id>/tty")
    def dump(queue_id: str) -> Response:
        unit = house.names.service(house.scheduler.job(queue_id))
        return Response(house.journal.dump(unit), content_type="text/plain; charset=utf-8")

    @routes.get("/<queue_id>/tty/stream")
    def stream(queue_id: str) -> Response:
        after = request.headers.get("Last-Event-ID") or request.args.get("after")
        job = house.scheduler.job(queue_id)
        return stream_response(_events(job, after))

    async def _events(job: Job, after: str | None) -> AsyncGenerator[bytes, None]:
        unit = house.names.service(job)

        def final() -> dict[str, Any]:
            return answers.job(house.scheduler.job(job.queue_id))

        with ExitStack() as held:
            lines = held.enter_context(house.follower.subscribe(unit, after))

            def changed(now: Job) -> None:
                if now.queue_id == job.queue_id and now.is_ended:
                    lines.finish()

            held.enter_context(house.changes.listening(changed))
            # It may have ended before we listened.
            if house.scheduler.job(job.queue_id).is_ended:
                lines.finish()
            async for piece in event_stream(lines, final):
                yield piece

    return routes
