"""/api/jobs/<id>/tty: a job's output: all as text, in pages, and as a live stream."""

from __future__ import annotations

from itertools import chain
from typing import Any, Final

from flask import Blueprint, Response, request

from forgather_units.api import query_params
from forgather_units.api.job_json import JobJson
from forgather_units.api.live.job_output import JobOutput, Output
from forgather_units.api.live.tty_json import output_of
from forgather_units.auth.admissions import while_admitted
from forgather_units.domain.errors import Unavailable
from forgather_units.http.server.event_stream import stream_response
from forgather_units.http.server.web_socket import web_socket_response
from forgather_units.scheduler.events import EventBus
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.systemd.names import UnitNames

_PAGE: Final = 1000
_MOST: Final = 50_000


def blueprint(
    output: Output, names: UnitNames, scheduler: Scheduler, changes: EventBus, job_json: JobJson
) -> Blueprint:
    """The output routes."""
    routes = Blueprint("tty", __name__, url_prefix="/api/jobs")
    following = JobOutput(output, names, scheduler, changes, job_json)

    def cursor_before_since(unit: str) -> str | None:
        """The cursor of the last line before the current request's `since`; None: there is none. Raises Malformed."""
        since = query_params.moment("since")
        return None if since is None else output.journal.last_before(unit, since)

    @routes.get("/<queue_id>/tty")
    def dump(queue_id: str) -> Response:
        """All of it, or (`since`, seconds since the epoch) the lines since then."""
        unit = names.service(scheduler.job(queue_id))
        after = cursor_before_since(unit)
        pieces = output.journal.dump(unit, after=after)
        first = next(pieces, b"")
        if not first and after is None and (fault := output.access.fault()) is not None:
            raise Unavailable(f"the journal cannot be read: {fault.why}", hint=fault.fix)
        text = while_admitted(request.environ, chain([first], pieces))
        return Response(text, content_type="text/plain; charset=utf-8")

    @routes.get("/<queue_id>/tty", websocket=True)
    def web_socket(queue_id: str) -> Response:
        """As a WebSocket: all of it, then (unless `follow=false`) new lines until the job ends."""
        follow = query_params.boolean("follow", default=True)
        return web_socket_response(following.messages(queue_id, follow=follow))

    @routes.get("/<queue_id>/tty-path")
    def path(queue_id: str) -> dict[str, Any]:
        """Where the output is. Forgather's own server has a file."""
        return {"tty_log_path": job_json.journalctl(scheduler.job(queue_id))}

    @routes.get("/<queue_id>/tty/lines")
    def lines(queue_id: str) -> dict[str, Any]:
        """A page of the output: after the cursor `after`, or before the cursor `before`, or the last page."""
        unit = names.service(scheduler.job(queue_id))
        count = query_params.integer("count", 1, _MOST, default=_PAGE)
        before, after = query_params.text("before") or None, query_params.text("after") or None
        page = output.journal.page(unit, count, before=before, after=after)
        return output_of(page.lines, is_first=page.is_first, is_last=page.is_last)

    @routes.get("/<queue_id>/tty/stream")
    def stream(queue_id: str) -> Response:
        """Follow the output: all of it, or after a cursor, or (`tail`) the last lines and new ones, or (`since`) the
        lines since then and new ones.

        With `joined`, lines are joined in `output` events; otherwise each is an event.
        """
        after: str | None = request.headers.get("Last-Event-ID") or query_params.text("after")
        tail = query_params.integer("tail", 0, _MOST, default=0)
        joined = query_params.boolean("joined", default=False)
        job = scheduler.job(queue_id)
        after = after or cursor_before_since(names.service(job))
        return stream_response(following.events(job, after or None, 0 if after else tail, joined=joined))

    return routes
