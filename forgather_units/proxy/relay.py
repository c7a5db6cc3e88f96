"""Threads with an event loop for all that takes long: slow readers, large bodies, event streams, viewers that think.

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

RETRY_AFTER: Final = 5
"""Seconds, said to whom we have no room for."""
_OPEN_FILES: Final = 65536


class Places:
    """So many at once and no more. Any thread may ask."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._taken = 0
        self._lock = threading.Lock()

    @property
    def taken(self) -> int:
        """How many are taken now."""
        return self._taken

    def reserve(self) -> bool:
        """Take a place, to give it back by `release`; False: there is none."""
        with self._lock:
            if self._taken >= self.most:
                return False
            self._taken += 1
            return True

    def release(self) -> None:
        """Give a place back."""
        with self._lock:
            self._taken -= 1


class Relay:
    """One thread with an event loop, started when it is first needed. `places` bounds what it does at once."""

    def __init__(self, name: str, most: int) -> None:
        self.places = Places(most)
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Carry out `work` in a place that was reserved, which is free again at its end."""
        asyncio.run_coroutine_threadsafe(self._carry_out(work), self._running_loop())

    async def _carry_out(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("what the relay did failed")
        finally:
            self.places.release()

    def _running_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name=self._name, daemon=True).start()
            return self._loop


TRANSFERS: Final = Relay("transfers", 1000)
"""Requests and answers of viewers; each costs two open files."""
STREAMS: Final = Relay("streams", 1000)
"""Our own event streams; each costs one. A thread of their own: no large download delays an event."""


def raise_open_files_limit() -> None:
    """Room for all of them: the usual soft limit of 1024 is for programs that still use select()."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
