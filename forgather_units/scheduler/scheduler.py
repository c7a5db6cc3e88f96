"""The scheduler: what is asked of it, and who may go ahead.

Everything here runs on one thread (the mailbox's), except the plain reads. There is no tick: a dispatch follows each
event that could let a job go ahead.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from forgather_units.domain.errors import Conflict, NotFound
from forgather_units.domain.job import Ended, Job, Queued, Running, Sleeping, Starting, Submission
from forgather_units.domain.queue_id import new_queue_id
from forgather_units.scheduler import endings
from forgather_units.scheduler.changes import Changes, Subject
from forgather_units.scheduler.lifecycle import Lifecycle, Surroundings
from forgather_units.scheduler.mailbox import Mailbox
from forgather_units.scheduler.order import dispatch_order, plan
from forgather_units.scheduler.roster import Roster
from forgather_units.store.jobs import JobStore
from forgather_units.units.bus import UnitRefused
from forgather_units.units.viewers import Viewers

# Nobody tells us when another process frees a port, so that one thing is asked again (seconds).
_FOREIGN_PORT_PAUSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Limits:
    max_running: int = 0
    start_timeout: float = 120.0


@dataclass(frozen=True, slots=True)
class SchedulerStatus:
    enabled: bool
    dispatch_count: int
    last_dispatch_at: float | None


class Scheduler:
    """Owns the queue. Public methods may be called from any thread."""

    def __init__(
        self, store: JobStore, viewers: Viewers, surroundings: Surroundings, changes: Changes, limits: Limits
    ) -> None:
        self._store = store
        self._viewers = viewers
        self._around = surroundings
        self._limits = limits
        self._changes = changes
        self._roster = Roster(store, changes)
        self._mailbox = Mailbox("scheduler")
        self._lifecycle = Lifecycle(
            self._roster, viewers, surroundings, self._mailbox, limits.start_timeout, self._dispatch
        )
        self._foreign_poll = False
        self._enabled = True
        self._dispatch_count = 0
        self._last_dispatch_at: float | None = None

    # What the house does with it

    def start(self) -> None:
        """Take up where the last server stopped. Raises Unavailable if the store or systemd cannot be asked."""
        self._enabled = self._store.enabled
        self._roster.load()
        self._mailbox.start()
        self._mailbox.ask(self._lifecycle.resync)

    def stop(self) -> None:
        """Stop deciding. The units go on."""
        self._lifecycle.close()
        self._mailbox.stop()

    def unit_changed(self, queue_id: str) -> None:
        """A unit gave a sign of life: look at it (once, however many signs there were)."""
        self._lifecycle.unit_changed(queue_id)

    def look_at_all(self) -> None:
        """Signals may have been missed: look at every unit."""
        self._mailbox.post(self._lifecycle.resync)

    # What clients ask

    def submit(self, submission: Submission) -> Job:
        """Queue a (validated) submission, start it if it can be; the job as it is then. Raises Unavailable."""

        def accept() -> Job:
            now = time.time()
            job = Job(new_queue_id(now), submission, now)
            self._roster.accept(job)
            self._dispatch()
            return self._roster.need(job.queue_id)

        return self._mailbox.ask(accept)

    def kill(self, queue_id: str, *, force: bool = False) -> str:
        """End a job in whatever state it is; the sentence that says what was done. Raises NotFound."""
        return self._mailbox.ask(lambda: self._kill(queue_id, force=force))

    def wake(self, queue_id: str) -> str:
        """Start a sleeping one before anybody looks; says what was done. Raises NotFound, Conflict."""

        def wake() -> str:
            job = self._roster.need(queue_id)
            if isinstance(job.state, Starting | Running):
                return f"{queue_id} is awake already"
            if not isinstance(job.state, Sleeping):
                raise Conflict(f"{queue_id} is {job.status}: only a sleeping job can be woken")
            try:
                self._viewers.wake(job)
            except UnitRefused as why:
                raise Conflict(f"{queue_id} cannot be woken: {why}") from None
            self._lifecycle.look(queue_id)
            return f"{queue_id} wakes up"

        return self._mailbox.ask(wake)

    def put_to_sleep(self, queue_id: str) -> str:
        """End the process of a running one; its port stays, and the next look wakes it. Raises NotFound, Conflict."""

        def sleep() -> str:
            job = self._roster.need(queue_id)
            if isinstance(job.state, Sleeping):
                return f"{queue_id} is asleep already"
            if not isinstance(job.state, Running):
                raise Conflict(f"{queue_id} is {job.status}: only a running job can be put to sleep")
            if not job.has_socket:
                raise Conflict(f"{queue_id} cannot sleep: it has its port itself (placement direct)")
            self._viewers.put_to_sleep(job)
            return f"{queue_id} falls asleep"

        return self._mailbox.ask(sleep)

    def restart(self, queue_id: str) -> str:
        """End a job if it runs, and queue it again under its own id. Raises NotFound."""

        def restart() -> str:
            job = self._roster.need(queue_id)
            if isinstance(job.state, Queued):
                return f"{queue_id} is queued already"
            if isinstance(job.state, Ended):
                self._lifecycle.queue_again(job)
                self._dispatch()
                return f"{queue_id} is queued again"
            self._roster.note(replace(job, stop_requested=True, restart_requested=True))
            self._viewers.stop(job)
            self._lifecycle.look(queue_id)
            return f"{queue_id} is stopped and starts again"

        return self._mailbox.ask(restart)

    def reprioritize(self, queue_id: str, priority: int) -> Job:
        """Give a queued job another priority. Raises NotFound, Conflict."""

        def change() -> Job:
            job = self._roster.need(queue_id)
            if not isinstance(job.state, Queued):
                raise Conflict(f"{queue_id} is {job.status}: only a queued job has a priority to change")
            self._roster.accept(replace(job, submission=replace(job.submission, priority=priority)))
            self._dispatch()
            return self._roster.need(queue_id)

        return self._mailbox.ask(change)

    def remove(self, queue_id: str) -> None:
        """Forget an ended job. Raises NotFound, Conflict."""

        def remove() -> None:
            job = self._roster.need(queue_id)
            if not job.is_ended:
                raise Conflict(f"{queue_id} is {job.status}: kill it first", hint=f"forgather job kill {queue_id}")
            self._roster.remove([queue_id])

        self._mailbox.ask(remove)

    def cleanup(self, of: Callable[[Job], bool]) -> list[str]:
        """Forget all ended jobs that `of` names; their ids."""

        def clean() -> list[str]:
            names = [job.queue_id for job in self._roster.ended() if of(job)]
            self._roster.remove(names)
            return names

        return self._mailbox.ask(clean)

    def sweep(self) -> int:
        """Look at every unit now; how many jobs turned out to have ended."""

        def sweep() -> int:
            before = len(self._roster.active())
            self._lifecycle.resync()
            return max(0, before - len(self._roster.active()))

        return self._mailbox.ask(sweep)

    def set_enabled(self, enabled: bool) -> None:
        """Pause or resume the dispatch. What runs goes on; the choice outlives the server. Raises Unavailable."""

        def switch() -> None:
            self._store.enabled = enabled
            self._enabled = enabled
            self._changes.tell(Subject.SCHEDULER)
            self._dispatch()

        self._mailbox.ask(switch)

    def limit(self, max_running: int) -> None:
        """Another cap, from now on."""

        def change() -> None:
            self._limits = replace(self._limits, max_running=max_running)
            self._dispatch()

        self._mailbox.ask(change)

    def job(self, queue_id: str) -> Job:
        """Raises NotFound."""
        return self._roster.need(queue_id)

    def service_job(self, mount: str, name: str) -> Job:
        """The instance of a declared service: the one that has not ended, else the last one. Raises NotFound."""
        job = self._roster.instance(mount + name)
        if job is None:
            raise NotFound(f"no such service: {name}")
        return job

    def jobs(self) -> list[Job]:
        """Active first, newest first."""
        return sorted(self._roster.all(), key=lambda job: (job.is_ended, -job.submitted_at))

    def queue(self) -> list[Job]:
        """The queued jobs in dispatch order."""
        return dispatch_order(self._roster.queued())

    def status(self) -> SchedulerStatus:
        return SchedulerStatus(self._enabled, self._dispatch_count, self._last_dispatch_at)

    def ping(self) -> None:
        """Returns when the scheduler's thread has got to it: proof that it is not stuck."""
        self._mailbox.ask(lambda: None)

    # Dispatch

    def _dispatch(self) -> None:
        self._dispatch_count += 1
        self._last_dispatch_at = time.time()
        steps = plan(
            self._roster.queued(),
            self._roster.active(),
            self._around.ports,
            enabled=self._enabled,
            max_running=self._limits.max_running,
        )
        for queue_id, reason in steps.waits.items():
            self._roster.show(self._roster.need(queue_id).now(Queued(reason)))
        for job, port in steps.starts:
            self._lifecycle.start(job, port)
        if steps.waits_for_foreign and not self._foreign_poll:
            self._foreign_poll = True
            self._mailbox.after(_FOREIGN_PORT_PAUSE, self._ask_foreign_port_again)

    def _ask_foreign_port_again(self) -> None:
        self._foreign_poll = False
        self._dispatch()

    def _kill(self, queue_id: str, *, force: bool) -> str:
        job = self._roster.need(queue_id)
        if isinstance(job.state, Ended):
            return f"{queue_id} has ended already ({job.status})"
        if isinstance(job.state, Queued):
            self._roster.accept(endings.cancelled(job, time.time()))
            self._dispatch()
            return f"{queue_id} was queued and is cancelled"
        self._roster.note(replace(job, stop_requested=True))
        acted = self._viewers.kill(job) if force else self._viewers.stop(job)
        self._lifecycle.look(queue_id)
        if not acted:
            return f"{queue_id} has ended already"
        return f"{queue_id}: {'SIGKILL sent to all its processes' if force else 'SIGTERM sent'}"
