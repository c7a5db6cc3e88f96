"""The proxy's own answers: a page for a browser, `{"detail": ...}` for everyone else."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from forgather_units.proxy.headers import Headers
from forgather_units.proxy.target import Ended, NotReady, Unknown, Waiting

RELOAD_SECONDS: Final = 1

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">{refresh}
<title>{title}</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 20vh auto; padding: 0 1rem }}
h1 {{ font-size: 1.4rem }} small {{ opacity: .7 }}
</style></head>
<body><h1>{title}</h1><p>{detail}</p><p><small>{note}</small></p></body></html>
"""
# The page needs its style and nothing else; it may not be framed by a viewer.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"


@dataclass(frozen=True, slots=True)
class Answer:
    """One complete answer of ours."""

    status: str
    headers: Headers
    body: bytes


def for_absent(state: NotReady | Waiting | Ended | Unknown, environ: dict[str, Any]) -> Answer:
    """What to say of a job that cannot be opened now."""
    match state:
        case NotReady(title=title, queue_id=queue_id, since=since):
            seconds = max(0, int(time.time() - since))
            return _later(environ, f"{title} is starting", f"TensorBoard starts since {seconds} s.", queue_id)
        case Waiting(title=title, queue_id=queue_id, waits_for=waits_for):
            return _later(environ, f"{title} is queued", _sentence(waits_for or "It is next in line"), queue_id)
        case Ended(queue_id=queue_id, reason=reason):
            detail = f"Job {queue_id} has ended" + (f": {reason}" if reason else "")
            return failure("404 Not Found", _sentence(detail), environ)
        case Unknown():
            return failure("404 Not Found", "There is no such job.", environ)


def failure(status: str, detail: str, environ: dict[str, Any], extra: Headers | None = None) -> Answer:
    """An error with its one sentence."""
    return _answer(environ, status, extra or [], title=status.partition(" ")[2], detail=detail)


def redirect(location: str, environ: dict[str, Any]) -> Answer:
    """For good, to an address of ours; 308 keeps the method and the body of what is no GET."""
    safe = environ["REQUEST_METHOD"] in ("GET", "HEAD")
    status = "301 Moved Permanently" if safe else "308 Permanent Redirect"
    return _answer(environ, status, [("Location", location)], title="Moved", detail="A viewer's address ends in /.")


def _later(environ: dict[str, Any], title: str, detail: str, queue_id: str) -> Answer:
    # A poll by the page itself: nothing is there yet that could send the browser an event.
    refresh = f'<meta http-equiv="refresh" content="{RELOAD_SECONDS}">'
    note = f"{queue_id}: this page opens it as soon as it answers."
    headers = [("Retry-After", str(RELOAD_SECONDS))]
    return _answer(environ, "503 Service Unavailable", headers, title=title, detail=detail, note=note, refresh=refresh)


def _answer(
    environ: dict[str, Any],
    status: str,
    headers: Headers,
    *,
    title: str,
    detail: str,
    note: str = "",
    refresh: str = "",
) -> Answer:
    if environ["REQUEST_METHOD"] in ("GET", "HEAD") and "text/html" in environ.get("HTTP_ACCEPT", ""):
        kind = "text/html; charset=utf-8"
        page = _PAGE.format(title=escape(title), detail=escape(detail), note=escape(note), refresh=refresh)
        body = page.encode()
    else:
        kind = "application/json"
        body = json.dumps({"detail": f"{title}: {detail}" if refresh else detail}).encode()
    common = [
        ("Content-Type", kind),
        ("Content-Length", str(len(body))),
        ("Cache-Control", "no-store"),
        ("Vary", "Accept"),
        ("Referrer-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Content-Security-Policy", _POLICY),
    ]
    return Answer(status, common + headers, body)


def _sentence(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
