"""Threads with an event loop for everything slow: slow readers, large bodies, event streams, viewers that compute.

A worker thread sends responses that are ready and hands all others over to here, where a waiting one costs some KB
and no thread.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import threading
from collections.abc import Coroutine
from contextlib import nullcontext
from typing import Any, Final

from forgather_units.auth.admissions import EndOnWithdrawal

log = logging.getLogger(__name__)

RETRY_AFTER: Final = 5
"""Seconds; the Retry-After of a 503 while the relay is full."""
_OPEN_FILES: Final = 65536


class Slots:
    """A thread-safe counter with a limit."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._in_use = 0
        self._lock = threading.Lock()

    @property
    def in_use(self) -> int:
        """The number of reserved slots."""
        return self._in_use

    def reserve(self) -> bool:
        """Reserve a slot; False if there is none. `release` it afterwards."""
        with self._lock:
            if self._in_use >= self.limit:
                return False
            self._in_use += 1
            return True

    def release(self) -> None:
        """Free a reserved slot."""
        with self._lock:
            self._in_use -= 1


class Relay:
    """One thread with an event loop, started on first use. `slots` limits its concurrent tasks."""

    def __init__(self, name: str, limit: int) -> None:
        self.slots = Slots(limit)
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, work: Coroutine[Any, Any, None], register: EndOnWithdrawal = lambda end: nullcontext()) -> None:
        """Run `work`, for which a slot is reserved; frees the slot at its end. `register` gets a function that cancels
        it."""
        asyncio.run_coroutine_threadsafe(self._run(work, register), self._running_loop())

    async def _run(self, work: Coroutine[Any, Any, None], register: EndOnWithdrawal) -> None:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None

        def end() -> None:
            loop.call_soon_threadsafe(task.cancel)

        try:
            with register(end):
                await work
        except Exception:
            log.exception("a task of the relay failed")
        finally:
            self.slots.release()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True).start()
            return self._loop


TRANSFERS: Final = Relay("transfers", 1000)
"""Requests to viewers and their responses; each uses two open files."""
STREAMS: Final = Relay("streams", 1000)
"""The server's event streams; each uses one open file. A separate thread: large downloads delay no event."""


def raise_open_files_limit() -> None:
    """Raise RLIMIT_NOFILE for all of them: the usual soft limit of 1024 is meant for programs that use select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
