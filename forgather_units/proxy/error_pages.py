"""The proxy's own responses: a page for a browser, `{"detail": ...}` for other clients."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, Final

from forgather_units.error_page.page import HOME, Link, error_page
from forgather_units.error_page.relative import relative, root_of
from forgather_units.error_page.response import as_json, as_page, wants_page
from forgather_units.http.message import Headers, Reply
from forgather_units.proxy.destination import Ended, NotReady, Returning, Unknown, Waiting

RELOAD_SECONDS: Final = 1


def for_absent(state: Returning | NotReady | Waiting | Ended | Unknown, environ: dict[str, Any]) -> Reply:
    """The response for a viewer that is not available now."""
    match state:
        case Returning(title=title, queue_id=queue_id):
            detail = "It was put to sleep or restarted a moment ago: send the request again."
            return _later(environ, f"{title} is coming back", detail, queue_id)
        case NotReady(title=title, queue_id=queue_id, since=since):
            seconds = max(0, int(time.time() - since))
            return _later(environ, f"{title} is starting", f"Starting for {seconds} s.", queue_id)
        case Waiting(title=title, queue_id=queue_id, waits_for=waits_for):
            detail = _sentence(waits_for or "It is next in line")
            return _later(environ, f"{title} is queued", detail, queue_id, Link("/#/queue", "Queue"))
        case Ended(queue_id=queue_id, reason=reason):
            detail = f"Job {queue_id} has ended" + (f": {reason}" if reason else "")
            return failure("404 Not Found", _sentence(detail), environ, links=(_job(queue_id), HOME))
        case Unknown():
            return failure("404 Not Found", "There is no such job.", environ)


def failure(
    status: str, detail: str, environ: dict[str, Any], extra: Headers | None = None, links: Sequence[Link] = (HOME,)
) -> Reply:
    """An error response with one sentence."""
    return _reply(environ, status, extra or [], title=status.partition(" ")[2], detail=detail, links=links)


def redirect(location: str, environ: dict[str, Any]) -> Reply:
    """A permanent redirect within the server; 308 keeps the method and body of other methods than GET and HEAD."""
    safe = environ["REQUEST_METHOD"] in ("GET", "HEAD")
    status = "301 Moved Permanently" if safe else "308 Permanent Redirect"
    return _reply(
        environ,
        status,
        [("Location", relative(location, environ))],
        title="Moved",
        detail="The address of a viewer ends in /.",
    )


def _job(queue_id: str) -> Link:
    return Link(f"/#/jobs/{queue_id}", "Details of the job")


def _later(environ: dict[str, Any], title: str, detail: str, queue_id: str, *links: Link) -> Reply:
    # A poll by the page: no event source exists yet.
    note = f"{queue_id}: this page opens it as soon as it responds."
    headers = [("Retry-After", str(RELOAD_SECONDS))]
    return _reply(
        environ,
        "503 Service Unavailable",
        headers,
        title=title,
        detail=detail,
        links=(*links, _job(queue_id), HOME),
        note=note,
        refresh_seconds=RELOAD_SECONDS,
    )


def _reply(
    environ: dict[str, Any],
    status: str,
    headers: Headers,
    *,
    title: str,
    detail: str,
    links: Sequence[Link] = (HOME,),
    note: str = "",
    refresh_seconds: int = 0,
) -> Reply:
    if wants_page(environ["REQUEST_METHOD"], environ.get("HTTP_ACCEPT", "")):
        page = error_page(title, detail, links=links, note=note, refresh_seconds=refresh_seconds, root=root_of(environ))
        common, body = as_page(page)
    else:
        common, body = as_json(f"{title}: {detail}" if refresh_seconds else detail)
    return Reply(status, common + headers, body)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
