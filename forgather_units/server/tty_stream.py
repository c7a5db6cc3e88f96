"""A job's output as Server-Sent Events. Their id is the journal's cursor: a reconnect goes on where it stopped."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncGenerator, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from forgather_units.units.follower import Subscription
from forgather_units.units.journal import Kind, Line

_HEARTBEAT: Final = 1.5
# How often a stream of a job that has ended looks whether the journal has got the last line (seconds).
_LAST_LOOKS: Final = 0.1
_BATCH: Final = 200

# The journal is read in a thread of its own, the same for all: its readers must not change theirs, and what was
# printed long ago must not hold up what is printed now.
_HISTORY: Final = ThreadPoolExecutor(1, "history")


async def event_stream(stream: Subscription, final: Callable[[], dict[str, Any]]) -> AsyncGenerator[bytes, None]:
    """The events `line`, `dropped` and, last, `end` with the answer of `final`.

    A line's data is `{"text", "ends", "time"}`; bytes that are no UTF-8 come whole as `base64` beside the text.
    """
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        if not news.is_set():
            loop.call_soon_threadsafe(news.set)

    stream.on_news = wake
    # At once: the browser knows that it is connected, and how soon to come again (milliseconds).
    yield b"retry: 1000\n: open\n\n"
    while not stream.over:
        news.clear()
        reads_journal = stream.is_behind or stream.is_finishing
        lines = await loop.run_in_executor(_HISTORY, _lines, stream) if reads_journal else _lines(stream)
        if lines:
            yield b"".join(map(_event_of, lines))
        elif not stream.over:
            try:
                async with asyncio.timeout(_LAST_LOOKS if stream.is_finishing else _HEARTBEAT):
                    await news.wait()
            except TimeoutError:
                yield b": alive\n\n"
    yield _event("end", await loop.run_in_executor(_HISTORY, final), stream.cursor)


def _lines(stream: Subscription) -> list[Line]:
    """What can be had without waiting; the first of it, where it is much."""
    lines: list[Line] = []
    while len(lines) < _BATCH and (line := stream.get(0)) is not None:
        lines.append(line)
    return lines


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
