"""One stream of events for a whole page: what changes, as it changes."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any, Final

from forgather_units import __version__
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.scheduler.changes import Change, Changes, Removed, Subject
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.server.answers import Answers
from forgather_units.server.services import Services

BOOT_ID: Final = secrets.token_hex(8)
"""Another one after each start of the server."""
_HEARTBEAT: Final = 15.0
_USAGE_PAUSE: Final = 5.0
# A page that takes nothing for so many changes asks anew when it comes back.
_MOST: Final = 2000

Event = tuple[str, Any]
"""Its name and its data, or what its data is made of when it is sent."""


class _Mailbox:
    """What one page has not got yet. Of each job the newest state alone: a slow page misses none that lasts."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._news = asyncio.Event()
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, Change] = OrderedDict()
        self.overrun = False

    def put(self, change: Change) -> None:
        """Any thread."""
        with self._lock:
            self._waiting.pop(_key(change), None)
            self._waiting[_key(change)] = change
            self.overrun = self.overrun or len(self._waiting) > _MOST
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def get(self) -> list[Change]:
        """What has come, at least one; none after the heartbeat's time."""
        try:
            async with asyncio.timeout(_HEARTBEAT):
                await self._news.wait()
        except TimeoutError:
            return []
        with self._lock:
            self._news.clear()
            changes = list(self._waiting.values())
            self._waiting.clear()
        return changes


def _key(change: Change) -> str:
    match change:
        case Job(queue_id=queue_id) | Removed(queue_id=queue_id):
            return queue_id
        case subject:
            return f"/{subject}"


class PageEvents:
    """Feeds every open page."""

    def __init__(self, changes: Changes, scheduler: Scheduler, services: Services, answers: Answers) -> None:
        self._changes = changes
        self._scheduler = scheduler
        self._services = services
        self._answers = answers
        self._lock = threading.Lock()
        self._pages = 0

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """`hello`, then what changes, for ever; ends for a page that lags behind."""
        mailbox = _Mailbox(asyncio.get_running_loop())
        with self._changes.watching(mailbox.put), self._open_page():
            yield _event("hello", {"version": __version__, "boot_id": BOOT_ID, "services": True})
            while not mailbox.overrun:
                changes = await mailbox.get()
                # In a thread: services are looked at one at a time, and may be busy.
                said = await asyncio.get_running_loop().run_in_executor(None, list, map(self._said, changes))
                yield b"".join(said) or b": alive\n\n"

    def _said(self, change: Change) -> bytes:
        match change:
            case Job():
                return _event("job", self._answers.job(change))
            case Removed(queue_id=queue_id):
                return _event("removed", {"queue_id": queue_id})
            case Subject.SCHEDULER:
                return _event("scheduler", self._answers.scheduler(self._scheduler))
            case Subject.SERVICES:
                return _event("services", self._services.all())
            case Subject.PROJECTS:
                # They may be many: the page asks for them, if it shows them.
                return _event("projects", {})

    @contextmanager
    def _open_page(self) -> Iterator[None]:
        with self._lock:
            self._pages += 1
            if self._pages == 1:
                threading.Thread(target=self._tell_usage, name="usage", daemon=True).start()
        try:
            yield
        finally:
            with self._lock:
                self._pages -= 1

    def _tell_usage(self) -> None:
        """While a page is open: counters of the kernel change without a word, so they are read at intervals."""
        while True:
            time.sleep(_USAGE_PAUSE)
            with self._lock:
                if self._pages == 0:
                    return
            for job in self._scheduler.jobs():
                if isinstance(job.state, Starting | Running):
                    self._changes.tell(job)


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
