"""A job's output as Server-Sent Events. Their id is the journal's cursor: a reconnecting client continues there."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

from forgather_units.api.live.line_batches import READING, batches
from forgather_units.api.live.tty_json import output_of
from forgather_units.journal.check import JournalCheck
from forgather_units.journal.follower import Subscription
from forgather_units.journal.reader import Line, LineKind, Page


class TtyEvents:
    """Renders the events of one stream.

    Lines are `line` events with the data `{"text", "ends", "time"}` (and `base64` with the original bytes if these are
    not UTF-8), and `dropped`; or, with `joined`, many lines are one `output` event (see tty_json). The last event is
    `end`.
    """

    def __init__(self, *, joined: bool) -> None:
        self._joined = joined

    @staticmethod
    def opening() -> bytes:
        """Sent at once: the browser is connected, and its reconnection delay (milliseconds) is set."""
        return b"retry: 1000\n: open\n\n"

    @staticmethod
    def unreadable(fault: JournalCheck) -> bytes:
        """The reason why no line will come."""
        return _event("unreadable", {"detail": f"the journal cannot be read: {fault.why}", "hint": fault.fix}, None)

    def page(self, page: Page) -> bytes:
        """The last lines before the stream starts; `is_first`: none is older."""
        return self._render(page.lines, is_first=page.is_first) if self._joined else self._render(page.lines)

    async def follow(self, stream: Subscription, final: Callable[[], dict[str, Any]]) -> AsyncGenerator[bytes, None]:
        """The lines of `stream`, and at its end the result of `final`."""
        async for lines in batches(stream):
            yield self._render(lines) if lines else b": alive\n\n"
        loop = asyncio.get_running_loop()
        yield _event("end", await loop.run_in_executor(READING, final), stream.cursor)

    def _render(self, lines: Sequence[Line], **more: Any) -> bytes:
        if not self._joined:
            return b"".join(map(_event_of, lines))
        data = output_of(lines, **more)
        return _event("output", data, data["last"])


def _event_of(line: Line) -> bytes:
    if line.kind is LineKind.DROPPED:
        # Without its cursor, which belongs to another file: a client continues after the last line.
        return _event("dropped", {"count": line.count, "time": line.time}, None)
    data: dict[str, Any] = {"text": line.data.decode(errors="replace"), "ends": line.ends, "time": line.time}
    try:
        line.data.decode()
    except UnicodeDecodeError:
        data["base64"] = base64.b64encode(line.data).decode("ascii")
    return _event("line", data, line.cursor)


def _event(kind: str, data: dict[str, Any], cursor: str | None) -> bytes:
    head = f"id: {cursor}\n" if cursor else ""
    return f"{head}event: {kind}\ndata: {json.dumps(data)}\n\n".encode()
