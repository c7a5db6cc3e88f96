"""Server-sent events for a page: one stream with all changes."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections import OrderedDict
from collections.abc import AsyncGenerator
from typing import Any, Final

from forgather_units import __version__
from forgather_units.api.job_json import JobJson
from forgather_units.api.live.pollers import LogdirChanged, Poller, PollResult, UsageChanged
from forgather_units.automation.declared_services import DeclaredServices
from forgather_units.domain.errors import NotFound
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.files.lookups import Ask
from forgather_units.scheduler.events import Event, EventBus, Removed, Subject
from forgather_units.scheduler.scheduler import Scheduler

BOOT_ID: Final = secrets.token_hex(8)
"""A random id of this run of the server."""
_HEARTBEAT: Final = 15.0
# A page that lags by more changes is disconnected, and reloads the state when it reconnects.
MAX_PENDING: Final = 2000

Update = Event | PollResult


class _Pending:
    """The events that a page has not received yet: only the latest state of each job, so a slow page gets every final
    state."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._has_updates = asyncio.Event()
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, Update] = OrderedDict()
        self.overrun = False

    def add(self, update: Update) -> None:
        """Thread-safe."""
        with self._lock:
            if not self.overrun:
                self._waiting.pop(_key(update), None)
                self._waiting[_key(update)] = update
            if len(self._waiting) > MAX_PENDING:
                self.overrun = True
                self._waiting.clear()
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._has_updates.set)

    async def get(self) -> list[Update]:
        """The pending events; empty after the heartbeat interval, or if there were too many."""
        try:
            async with asyncio.timeout(_HEARTBEAT):
                await self._has_updates.wait()
        except TimeoutError:
            return []
        with self._lock:
            self._has_updates.clear()
            updates = list(self._waiting.values())
            self._waiting.clear()
        return updates


def _key(update: Update) -> str:
    match update:
        case Job(queue_id=queue_id) | Removed(queue_id=queue_id):
            return queue_id
        case LogdirChanged(facts=facts):
            return f"/logdir{facts['path']}"
        case UsageChanged():
            return "/usage"
        case subject:
            return f"/{subject}"


class LiveEvents:
    """Serves the event streams of all open pages."""

    def __init__(
        self, bus: EventBus, scheduler: Scheduler, services: DeclaredServices, job_json: JobJson, ask: Ask
    ) -> None:
        self._bus = bus
        self._poller = Poller(scheduler.jobs, ask)
        self._scheduler = scheduler
        self._services = services
        self._job_json = job_json

    async def stream(self) -> AsyncGenerator[bytes, None]:
        """`hello`, then changes without end; ends if the page lags behind."""
        pending = _Pending(asyncio.get_running_loop())
        with self._bus.subscribed(pending.add), self._poller.watching(pending.add):
            yield _event("hello", {"version": __version__, "boot_id": BOOT_ID, "services": True, "runs": True})
            while not pending.overrun:
                updates = await pending.get()
                # In a thread: the services have a lock, which may be held.
                rendered = await asyncio.get_running_loop().run_in_executor(None, list, map(self._render, updates))
                yield b"".join(rendered) or b": alive\n\n"

    def _render(self, update: Update) -> bytes:
        match update:
            case Job(queue_id=queue_id):
                self._poller.job_changed(update)
                return self._job(queue_id)
            case Removed(queue_id=queue_id):
                return _event("removed", {"queue_id": queue_id})
            case Subject.SCHEDULER:
                return _event("scheduler", self._job_json.scheduler(self._scheduler))
            case Subject.SERVICES:
                return _event("services", self._services.all())
            case Subject.PROJECTS | Subject.RUNS | Subject.HISTORY:
                # The data may be large: the page requests it if it shows it.
                return _event(update.value, {})
            case UsageChanged():
                running = [job for job in self._scheduler.jobs() if isinstance(job.state, Starting | Running)]
                return b"".join(_event("job", self._job_json.job(job)) for job in running)
            case LogdirChanged(facts=facts):
                return _event("logdir", facts)

    def _job(self, queue_id: str) -> bytes:
        """The job's current state, which may be newer than the event."""
        try:
            return _event("job", self._job_json.job(self._scheduler.job(queue_id)))
        except NotFound:
            return _event("removed", {"queue_id": queue_id})


def _event(name: str, data: Any) -> bytes:
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
