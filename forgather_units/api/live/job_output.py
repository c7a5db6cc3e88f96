"""The output of a job as it comes: as Server-Sent Events, and as WebSocket messages."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from forgather_units.api.job_json import JobJson
from forgather_units.api.live.line_batches import READING
from forgather_units.api.live.tty_messages import error_message, output_messages
from forgather_units.api.live.tty_stream import TtyEvents
from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.job import Job
from forgather_units.http.server.web_socket import Message
from forgather_units.journal.access import JournalAccess
from forgather_units.journal.check import JournalCheck
from forgather_units.journal.follower import Follower, Subscription
from forgather_units.journal.reader import Journal, LineKind, Page
from forgather_units.scheduler.events import EventBus
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.systemd.names import UnitNames


@dataclass(frozen=True, slots=True)
class Output:
    """The sources of a job's output: the journal, its access check, and the follower of new lines."""

    journal: Journal
    access: JournalAccess
    follower: Follower


@dataclass(frozen=True, slots=True)
class JobOutput:
    """Follows the output of jobs until they end."""

    output: Output
    names: UnitNames
    scheduler: Scheduler
    changes: EventBus
    job_json: JobJson

    async def events(self, job: Job, after: str | None, tail: int, *, joined: bool) -> AsyncGenerator[bytes, None]:
        """Server-Sent Events, as in TtyEvents: the lines after the cursor `after`; the last `tail` lines; or all."""
        events = TtyEvents(joined=joined)
        yield events.opening()
        if after is None:
            page, fault = await self._last_page(job, tail or 1)
            if fault is not None:
                yield events.unreadable(fault)
            if tail:
                after = next((line.cursor for line in reversed(page.lines) if line.kind is LineKind.OUTPUT), None)
                yield events.page(page)

        def final() -> dict[str, Any]:
            return self.job_json.job(self.scheduler.job(job.queue_id))

        with self._subscribed(job, after) as lines:
            async for piece in events.follow(lines, final):
                yield piece

    async def messages(self, queue_id: str, *, follow: bool) -> AsyncGenerator[Message, None]:
        """WebSocket messages, as in tty_messages: all of it, and (`follow`) new lines until the job ends."""
        loop = asyncio.get_running_loop()
        try:
            job = await loop.run_in_executor(READING, self.scheduler.job, queue_id)
        except ForgatherError as why:
            # A client of Forgather shows this message; a refused handshake is an internal error to it.
            yield error_message(why.message)
            return
        with self._subscribed(job, None) as lines:
            if not follow:
                lines.finish()
            _, fault = await self._last_page(job, 1)
            if fault is not None:
                yield error_message(f"the journal cannot be read: {fault.why}")
            async for piece in output_messages(lines):
                yield piece

    async def _last_page(self, job: Job, count: int) -> tuple[Page, JournalCheck | None]:
        """The last lines so far; without any also why, if the journal cannot be read."""
        loop = asyncio.get_running_loop()
        page = await loop.run_in_executor(READING, self.output.journal.page, self.names.service(job), count)
        # Not in READING: a check takes seconds where something is wrong.
        return page, None if page.lines else await loop.run_in_executor(None, self.output.access.fault)

    @contextmanager
    def _subscribed(self, job: Job, after: str | None) -> Iterator[Subscription]:
        """The lines after the cursor `after`, until the job has ended."""
        with ExitStack() as held:
            lines = held.enter_context(self.output.follower.subscribe(self.names.service(job), after))

            def changed(now: Job) -> None:
                if now.queue_id == job.queue_id and now.is_ended:
                    lines.finish()

            held.enter_context(self.changes.subscribed_to_jobs(changed))
            # It may have ended before the subscription.
            if self.scheduler.job(job.queue_id).is_ended:
                lines.finish()
            yield lines
