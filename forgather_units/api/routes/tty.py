"""/api/jobs/<id>/tty: a job's output: all as text, in pages, and as a live stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from flask import Blueprint, Response, request

from forgather_units.api import query_params
from forgather_units.api.job_json import JobJson
from forgather_units.api.live.tty_json import output_of
from forgather_units.api.live.tty_stream import READING, TtyEvents
from forgather_units.auth.admissions import while_admitted
from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Job
from forgather_units.http.server.event_stream import stream_response
from forgather_units.journal.access import JournalAccess
from forgather_units.journal.follower import Follower
from forgather_units.journal.reader import Journal, LineKind
from forgather_units.scheduler.events import EventBus
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.systemd.names import UnitNames

_PAGE: Final = 1000
_MOST: Final = 50_000


@dataclass(frozen=True, slots=True)
class Output:
    """The sources of a job's output: the journal, its access check, and the follower of new lines."""

    journal: Journal
    access: JournalAccess
    follower: Follower

    def cursor_before_since(self, unit: str) -> str | None:
        """The cursor of the last line before the current request's `since`; None: there is none. Raises Malformed."""
        since = query_params.moment("since")
        return None if since is None else self.journal.last_before(unit, since)


def blueprint(
    output: Output, names: UnitNames, scheduler: Scheduler, changes: EventBus, job_json: JobJson
) -> Blueprint:
    """The output routes."""
    routes = Blueprint("tty", __name__, url_prefix="/api/jobs")

    @routes.get("/<queue_id>/tty")
    def dump(queue_id: str) -> Response:
        """All of it, or (`since`, seconds since the epoch) the lines since then."""
        unit = names.service(scheduler.job(queue_id))
        after = output.cursor_before_since(unit)
        pieces = output.journal.dump(unit, after=after)
        first = next(pieces, b"")
        if not first and after is None and (fault := output.access.fault()) is not None:
            raise Unavailable(f"the journal cannot be read: {fault.why}", hint=fault.fix)
        text = while_admitted(request.environ, chain([first], pieces))
        return Response(text, content_type="text/plain; charset=utf-8")

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
        after = after or output.cursor_before_since(names.service(job))
        return stream_response(_events(job, after or None, 0 if after else tail, joined=joined))

    async def _events(job: Job, after: str | None, tail: int, *, joined: bool) -> AsyncGenerator[bytes, None]:
        unit, events = names.service(job), TtyEvents(joined=joined)
        loop = asyncio.get_running_loop()
        yield events.opening()
        if after is None:
            page = await loop.run_in_executor(READING, output.journal.page, unit, tail or 1)
            # Not in READING: a check takes seconds where something is wrong.
            if not page.lines and (fault := await loop.run_in_executor(None, output.access.fault)) is not None:
                yield events.unreadable(fault)
            if tail:
                after = next((line.cursor for line in reversed(page.lines) if line.kind is LineKind.OUTPUT), None)
                yield events.page(page)

        def final() -> dict[str, Any]:
            return job_json.job(scheduler.job(job.queue_id))

        with ExitStack() as held:
            lines = held.enter_context(output.follower.subscribe(unit, after))

            def changed(now: Job) -> None:
                if now.queue_id == job.queue_id and now.is_ended:
                    lines.finish()

            held.enter_context(changes.subscribed_to_jobs(changed))
            # It may have ended before the subscription.
            if scheduler.job(job.queue_id).is_ended:
                lines.finish()
            async for piece in events.follow(lines, final):
                yield piece

    return routes
