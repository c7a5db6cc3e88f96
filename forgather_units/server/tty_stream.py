"""A job's output as Server-Sent Events. Their id is the journal's cursor: a reconnect goes on where it stopped."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any, Final

from forgather_units.units.follower import Subscription
from forgather_units.units.journal import Kind, Line

# A client that has left shows only at a write.
_HEARTBEAT: Final = 1.5


def event_stream(stream: Subscription, final: Callable[[], dict[str, Any]]) -> Iterator[bytes]:
    """The events `line`, `dropped` and, last, `end` with the answer of `final`.

    A line's data is `{"text", "ends", "time"}`; bytes that are no UTF-8 come whole as `base64` beside the text.
    """
    # At once: the browser knows that it is connected, and how soon to come again (milliseconds).
    yield b"retry: 1000\n: open\n\n"
    while not stream.over:
        line = stream.get(_HEARTBEAT)
        if line is not None:
            yield _event_of(line)
        elif not stream.over:
            yield b": alive\n\n"
    yield _event("end", final(), stream.cursor)


def _event_of(line: Line) -> bytes:
    if line.kind is Kind.DROPPED:
        return _event("dropped", {"count": line.count, "time": line.time}, line.cursor)
    data: dict[str, Any] = {"text": line.data.decode(errors="replace"), "ends": line.ends, "time": line.time}
    try:
        line.data.decode()
    except UnicodeDecodeError:
        data["base64"] = base64.b64encode(line.data).decode("ascii")
    return _event("line", data, line.cursor)


def _event(kind: str, data: dict[str, Any], cursor: str | None) -> bytes:
    head = f"id: {cursor}\n" if cursor else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
