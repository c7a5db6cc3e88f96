"""A job's output, followed to its end, over as many connections as it takes."""

from __future__ import annotations

import base64
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Final

from forgather_units.cli.client import Client, Record, ServerGone, job_path
from forgather_units.cli.events import Event, parse
from forgather_units.cli.tables import plain, print_json
from forgather_units.domain.errors import ForgatherError, Unavailable

_PATIENCE: Final = 30.0
_PAUSE: Final = 0.5
_SILENT: Final = {
    "queued": "not started yet",
    "sleeping": "until somebody looks at it",
}
# A connection that lasted so long was a good one, though the job printed nothing.
_STEADY: Final = 10.0


def tail(client: Client, queue_id: str, *, after: str = "", as_json: bool = False) -> None:
    """Write the output so far (or `after` a cursor) and then live to stdout, until the job ends or Ctrl-C.

    Raises a ForgatherError: at once where the job or the server is not there, ServerGone where the server went away
    and did not come back.
    """
    show = _show_as_json if as_json else _show
    with suppress(KeyboardInterrupt):
        if not as_json:
            _note_silence(client, queue_id)
        for event in _events(client, queue_id, after):
            with suppress(KeyError, ValueError):
                show(event)


def _note_silence(client: Client, queue_id: str) -> None:
    """A job without a process prints nothing: say why. The stream is asked for whatever the server says to this."""
    with suppress(ForgatherError):
        job = client.object("GET", job_path(queue_id, "/status"))
        status = str(job.get("status"))
        if status in _SILENT:
            _note(f"{status}: {plain(job.get('waits_for') or _SILENT[status])}")


def _events(client: Client, queue_id: str, after: str) -> Iterator[Event]:
    """All events up to `end`. A server that goes away is asked again for what came after the last event."""
    gone_since: float | None = None
    connected = False
    while True:
        opened = time.monotonic()
        try:
            headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": after} if after else {})
            with client.stream(job_path(queue_id, "/tty/stream"), headers) as pieces:
                connected = True
                for event in parse(pieces):
                    gone_since = None
                    after = event.id or after
                    yield event
                    if event.name == "end":
                        return
            broken: Unavailable = ServerGone(f"{client.url} ended the stream before the job did")
        except Unavailable as why:
            # A server that is only just starting says 503.
            if not connected:
                raise
            broken = why
        now = time.monotonic()
        if gone_since is None or now - opened > _STEADY:
            gone_since = now
            _note(f"the server went away; trying again for {_PATIENCE:.0f} s")
        elif now - gone_since > _PATIENCE:
            raise broken
        # Nobody tells a client that a server is back.
        time.sleep(_PAUSE)


def _show_line(data: Record) -> None:
    encoded = data.get("base64")
    printed = base64.b64decode(encoded) if encoded else str(data["text"]).encode(errors="replace")
    sys.stdout.buffer.write(printed + (b"\n" if data.get("ends", True) else b""))
    sys.stdout.buffer.flush()


def _show_dropped(data: Record) -> None:
    _note(f"journald dropped {data['count']} lines")


def _show_end(data: Record) -> None:
    _note(ending(data))


_SHOWN: Final[dict[str, Callable[[Record], None]]] = {
    "line": _show_line,
    "dropped": _show_dropped,
    "end": _show_end,
}


def _show(event: Event) -> None:
    shown = _SHOWN.get(event.name)
    if shown is not None:
        shown(_object(event))


def _show_as_json(event: Event) -> None:
    print_json({"event": event.name, "cursor": event.id, **_object(event)}, one_line=True)


def _object(event: Event) -> Record:
    data: Any = json.loads(event.data)
    if not isinstance(data, dict):
        raise ValueError(event.data)
    return data


def _note(text: str) -> None:
    print(f"--- {text} ---", file=sys.stderr, flush=True)


def ending(record: Record) -> str:
    """A job's status in words: `failed, signal 9`."""
    status = str(record.get("status"))
    if record.get("signal") is not None:
        return f"{status}, signal {record['signal']}"
    if record.get("exit_code") is not None:
        return f"{status}, exit code {record['exit_code']}"
    return status
