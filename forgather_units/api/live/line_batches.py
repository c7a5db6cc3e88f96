"""The lines of a job's output as they come, in batches for one message each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from forgather_units.journal.follower import Subscription
from forgather_units.journal.reader import Line

_HEARTBEAT: Final = 1.5
# Poll interval (seconds) for the last lines of a job that has ended: no event reports that journald has stored them.
_POLL_AT_END: Final = 0.1
# Lines and bytes of one batch.
_BATCH: Final = 500
_BATCH_SIZE: Final = 256 * 1024

# One thread reads stored output for all streams: a reader must stay in its thread, and reading old lines must not delay
# new ones.
READING: Final = ThreadPoolExecutor(1, "history")


async def batches(stream: Subscription) -> AsyncGenerator[list[Line], None]:
    """The lines of `stream` to its end; an empty list after each 1.5 s without a line."""
    loop, news = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        if not news.is_set():
            loop.call_soon_threadsafe(news.set)

    stream.on_news = wake
    while not stream.over:
        news.clear()
        reads_journal = stream.is_behind or stream.is_finishing
        lines = await loop.run_in_executor(READING, _available, stream) if reads_journal else _available(stream)
        if lines:
            yield lines
        elif not stream.over:
            try:
                async with asyncio.timeout(_POLL_AT_END if stream.is_finishing else _HEARTBEAT):
                    await news.wait()
            except TimeoutError:
                yield []


def _available(stream: Subscription) -> list[Line]:
    """Lines available without blocking, at most one batch."""
    lines: list[Line] = []
    size = 0
    while len(lines) < _BATCH and size < _BATCH_SIZE and (line := stream.get()) is not None:
        lines.append(line)
        size += len(line.data)
    return lines
