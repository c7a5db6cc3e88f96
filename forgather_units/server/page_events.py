"""One stream of events for a whole page: what changes, as it changes."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator
from typing import Any, Final

from forgather_units import __version__
from forgather_units.domain.errors import NotFound
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.scheduler.changes import Change, Changes, Removed, Subject
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.server.answers import Answers
from forgather_units.server.page_looks import Logdir, Look, Looks, Usage
from forgather_units.server.services import Services

BOOT_ID: Final = secrets.token_hex(8)
"""Another one after each start of the server."""
_HEARTBEAT: Final = 15.0
# A page that takes nothing for so many changes asks anew when it comes back.
_MOST: Final = 2000

News = Change | Look


class _Mailbox:
    """What one page has not got yet. Of each job the newest state alone: a slow page misses none that lasts."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._news = asyncio.Event()
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, News] = OrderedDict()
        self.overrun = False

    def put(self, news: News) -> None:
        """Any thread."""
        with self._lock:
            if not self.overrun:
                self._waiting.pop(_key(news), None)
                self._waiting[_key(news)] = news
            if len(self._waiting) > _MOST:
                self.overrun = True
                self._waiting.clear()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._news.set)

    async def get(self) -> list[News]:
        """What has come; nothing after the heartbeat's time, and where it was too much."""
        try:
            async with asyncio.timeout(_HEARTBEAT):
                await self._news.wait()
        except TimeoutError:
            return []
        with self._lock:
            self._news.clear()
            news = list(self._waiting.values())
            self._waiting.clear()
        return news


def _key(news: News) -> str:
    match news:
        case Job(queue_id=queue_id) | Removed(queue_id=queue_id):
            return queue_id
        case Logdir(facts=facts):
            return f"/logdir{facts['path']}"
        case Usage():
            return "/usage"
        case subject:
            return f"/{subject}"


class PageEvents:
    """Feeds every open page."""

    def __init__(self, changes: Changes, scheduler: Scheduler, services: Services, answers: Answers) -> None:
        self._changes = changes
        self._looks = Looks(scheduler.jobs)
        self._scheduler = scheduler
        self._services = services
        self._answers = answers

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """`hello`, then what changes, for ever; ends for a page that lags behind."""
        mailbox = _Mailbox(asyncio.get_running_loop())
        with self._changes.watching(mailbox.put), self._looks.watching(mailbox.put):
            yield _event("hello", {"version": __version__, "boot_id": BOOT_ID, "services": True, "runs": True})
            while not mailbox.overrun:
                news = await mailbox.get()
                # In a thread: services are looked at one at a time, and may be busy.
                said = await asyncio.get_running_loop().run_in_executor(None, list, map(self._said, news))
                yield b"".join(said) or b": alive\n\n"

    def _said(self, news: News) -> bytes:
        match news:
            case Job(queue_id=queue_id):
                return self._job(queue_id)
            case Removed(queue_id=queue_id):
                return _event("removed", {"queue_id": queue_id})
            case Subject.SCHEDULER:
                return _event("scheduler", self._answers.scheduler(self._scheduler))
            case Subject.SERVICES:
                return _event("services", self._services.all())
            case Subject.PROJECTS | Subject.RUNS:
                # They may be many: the page asks for them, if it shows them.
                return _event(news.value, {})
            case Usage():
                running = [job for job in self._scheduler.jobs() if isinstance(job.state, Starting | Running)]
                return b"".join(_event("job", self._answers.job(job)) for job in running)
            case Logdir(facts=facts):
                return _event("logdir", facts)

    def _job(self, queue_id: str) -> bytes:
        """As it is by now: what was told may be older than what this page has."""
        try:
            return _event("job", self._answers.job(self._scheduler.job(queue_id)))
        except NotFound:
            return _event("removed", {"queue_id": queue_id})


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
