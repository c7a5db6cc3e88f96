"""A job's output as Server-Sent Events. Their id is the journal's cursor: a reconnecting client continues there."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from forgather_units.api.live.tty_json import output_of
from forgather_units.journal.check import JournalCheck
from forgather_units.journal.follower import Subscription
from forgather_units.journal.reader import Line, LineKind, Page

_HEARTBEAT: Final = 1.5
# Poll interval (seconds) for the last lines of a job that has ended: no event reports that journald has stored them.
_POLL_AT_END: Final = 0.1
# Lines and bytes of one event.
_BATCH: Final = 500
_BATCH_SIZE: Final = 256 * 1024

# One thread reads stored output for all streams: a reader must stay in its thread, and reading old lines must not delay
# new ones.
READING: Final = ThreadPoolExecutor(1, "history")


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
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            if not news.is_set():
                loop.call_soon_threadsafe(news.set)

        stream.on_news = wake
        while not stream.over:
            news.clear()
            reads_journal = stream.is_behind or stream.is_finishing
            lines = await loop.run_in_executor(READING, _lines, stream) if reads_journal else _lines(stream)
            if lines:
                yield self._render(lines)
            elif not stream.over:
                try:
                    async with asyncio.timeout(_POLL_AT_END if stream.is_finishing else _HEARTBEAT):
                        await news.wait()
                except TimeoutError:
                    yield b": alive\n\n"
        yield _event("end", await loop.run_in_executor(READING, final), stream.cursor)

    def _render(self, lines: Sequence[Line], **more: Any) -> bytes:
        if not self._joined:
            return b"".join(map(_event_of, lines))
        data = output_of(lines, **more)
        return _event("output", data, data["last"])


def _lines(stream: Subscription) -> list[Line]:
    """Lines available without blocking, at most one batch."""
    lines: list[Line] = []
    size = 0
    while len(lines) < _BATCH and size < _BATCH_SIZE and (line := stream.get()) is not None:
        lines.append(line)
        size += len(line.data)
    return lines


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
