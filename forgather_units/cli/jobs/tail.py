"""Follows a job's output to its end; reconnects as needed."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from forgather_units.cli.connection.client import Client, Record, job_path
from forgather_units.cli.connection.events import Event, parse
from forgather_units.cli.connection.failures import ServerGone
from forgather_units.cli.errors import Usage
from forgather_units.cli.jobs.states import state_and_exit
from forgather_units.cli.jobs.viewer_address import JobOutput
from forgather_units.cli.json_output import print_json
from forgather_units.cli.tables import plain
from forgather_units.cli.terminal import Output, release_terminals
from forgather_units.domain.errors import ForgatherError, Unavailable

MOST_LINES: Final = 50_000
"""The server's limit for the last lines."""
_PATIENCE: Final = 30.0
_PAUSE: Final = 0.5
_SILENT: Final = {
    "queued": "not started yet",
    "sleeping": "until the next request",
}
# A connection that lasted this long was good, even without output.
_STEADY: Final = 10.0


@dataclass(frozen=True, slots=True)
class Start:
    """The first line: the one after a cursor, else one of the last `lines`, else the first one since a moment (seconds
    since the epoch), else the first of all."""

    cursor: str = ""
    lines: int | None = None
    since: float | None = None

    def __post_init__(self) -> None:
        if sum(each not in ("", None) for each in (self.cursor, self.lines, self.since)) > 1:
            raise Usage("-n, --since and --since-cursor exclude each other")


def tail(
    client: Client, queue_id: str, start: Start | None = None, *, as_json: bool = False, raw: bool = False
) -> None:
    """Write the output so far (from `start` on), then live output, to stdout, until the job ends or Ctrl-C. `raw`
    includes escape sequences if stdout is a terminal.

    Raises a ForgatherError: at once if there is no such job or no server, ServerGone if the server goes away
    and does not return.
    """
    show = partial(_show_as_json, client) if as_json else partial(_show, JobOutput(client, queue_id, raw=raw))
    with suppress(KeyboardInterrupt):
        if not as_json:
            _note_silence(client, queue_id)
        for event in _events(client, *_request(client, queue_id, start or Start(), joined=not as_json)):
            with suppress(KeyError, ValueError):
                show(event)


def _request(client: Client, queue_id: str, start: Start, *, joined: bool) -> tuple[str, str]:
    """The path of the stream, and the cursor to begin after."""
    cursor = start.cursor
    if start.lines == 0:
        # The server takes a `tail` of 0 for all.
        cursor = str(client.object("GET", job_path(queue_id, "/tty/lines?count=1")).get("last") or "")
    query: dict[str, Any] = {
        # Joined lines need a third of the bytes; --json needs the time of each line.
        **({"joined": 1} if joined else {}),
        **({"tail": start.lines} if start.lines else {}),
        **({"since": start.since} if start.since is not None else {}),
    }
    return job_path(queue_id, "/tty/stream" + (f"?{urlencode(query)}" if query else "")), cursor


def _note_silence(client: Client, queue_id: str) -> None:
    """Explain why a job without a process prints nothing. Errors are ignored: the stream reports them."""
    with suppress(ForgatherError):
        job = client.object("GET", job_path(queue_id, "/status"))
        status = str(job.get("status"))
        if status in _SILENT:
            _note(f"{status}: {plain(job.get('waits_for') or _SILENT[status])}")


def _events(client: Client, path: str, after: str) -> Iterator[Event]:
    """All events up to `end`. Reconnects after the last event if the connection breaks."""
    gone_since: float | None = None
    connected = False
    while True:
        opened = time.monotonic()
        try:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
            with client.stream(path, headers) as pieces:
                connected = True
                for event in parse(pieces):
                    gone_since = None
                    after = event.id or after
                    yield event
                    if event.name == "end":
                        return
            broken: Unavailable = ServerGone(f"{client.url} ended the stream before the job did")
        except Unavailable as why:
            # A starting server responds with 503.
            if not connected:
                raise
            broken = why
        now = time.monotonic()
        if gone_since is None or now - opened > _STEADY:
            gone_since = now
            _note(f"the server went away; trying again for {_PATIENCE:.0f} s")
        elif now - gone_since > _PATIENCE:
            raise broken
        # No event reports that a server is back.
        time.sleep(_PAUSE)


def _show_output(output: Output, data: Record) -> None:
    for piece in data["pieces"]:
        if "dropped" in piece:
            _show_dropped(output, {"count": piece["dropped"]})
        else:
            _show_line(output, {**piece, "ends": False})


def _show_line(output: Output, data: Record) -> None:
    output.write(bytes_of(data) + (b"\n" if data.get("ends", True) else b""))
    output.flush()


def bytes_of(data: Record) -> bytes:
    """What was printed, from its JSON."""
    encoded = data.get("base64")
    return base64.b64decode(encoded) if encoded else str(data.get("text") or "").encode(errors="replace")


def _show_dropped(_output: Output, data: Record) -> None:
    limited = "journald drops lines: its rate limit is reached"
    _note(f"journald dropped {data['count']} lines" if data["count"] else limited)


def _show_unreadable(_output: Output, data: Record) -> None:
    _note(plain(data["detail"]))


def _show_end(_output: Output, data: Record) -> None:
    release_terminals()
    _note(state_and_exit(data))


_SHOWN: Final[dict[str, Callable[[Output, Record], None]]] = {
    "output": _show_output,
    "line": _show_line,
    "dropped": _show_dropped,
    "unreadable": _show_unreadable,
    "end": _show_end,
}


def _show(output: Output, event: Event) -> None:
    shown = _SHOWN.get(event.name)
    if shown is not None:
        shown(output, _object(event))


def _show_as_json(client: Client, event: Event) -> None:
    print_json({"event": event.name, "cursor": event.id, **client.with_whole_url(_object(event))}, one_line=True)


def _object(event: Event) -> Record:
    data: Any = json.loads(event.data)
    if not isinstance(data, dict):
        raise ValueError(event.data)
    return data


def _note(text: str) -> None:
    print(f"--- {text} ---", file=sys.stderr, flush=True)
