"""One thread with an event loop for all that takes long: slow readers, large bodies, event streams, viewers that think.

A worker thread of the server answers what is answered at once, and hands everything else over to here, where waiting
costs some KB and no thread.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import threading
from collections.abc import Coroutine
from typing import Any, Final

log = logging.getLogger(__name__)

MOST: Final = 1100
"""Transfers and streams at once; each takes up to three open files."""
RETRY_AFTER: Final = 5
"""Seconds, said to whom we have no room for."""


class Relay:
    """Carries out coroutines, so many at once and no more. Any thread may ask."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._count = 0
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def count(self) -> int:
        """How many are under way, or promised a place."""
        return self._count

    def reserve(self) -> bool:
        """Take a place; False: there is none. What was taken goes to `start`, or back by `release`."""
        with self._lock:
            if self._count >= self._most:
                return False
            self._count += 1
            return True

    def release(self) -> None:
        """Give back a place that came to nothing."""
        with self._lock:
            self._count -= 1

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry out `work` in a place that was reserved, which is free again at its end."""
        asyncio.run_coroutine_threadsafe(self._carry_out(work), self._running_loop())

    async def _carry_out(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("a transfer failed")
        finally:
            self.release()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="relay", daemon=True).start()
            return self._loop


RELAY: Final = Relay()
"""The process has one: it is the same event loop for the proxy's transfers and our own streams."""


def raise_open_files_limit() -> None:
    """As many open files as we may have: the soft limit of 1024 is for programs that still use select()."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
