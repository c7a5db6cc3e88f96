"""The scheduler: the requests of clients and of the server, carried out one after the other.

Everything here runs on one thread, the actor's, except the plain reads. There is no tick: each event that may let a job
start requests a dispatch, which follows at the end of the same task.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from forgather_units.domain.errors import Conflict, NotFound
from forgather_units.domain.job import Ended, Job, Queued, Running, Sleeping, Starting, Submission
from forgather_units.domain.job_query import JobPage, JobQuery
from forgather_units.domain.queue_id import new_queue_id
from forgather_units.scheduler import transitions
from forgather_units.scheduler.actor import Actor
from forgather_units.scheduler.dispatcher import Dispatcher, SchedulerStatus
from forgather_units.scheduler.ended_units import EndedUnits
from forgather_units.scheduler.environment import Environment
from forgather_units.scheduler.events import EventBus, Subject
from forgather_units.scheduler.history_cleaner import HistoryCleaner
from forgather_units.scheduler.job_table import JobTable
from forgather_units.scheduler.planner import dispatch_order
from forgather_units.scheduler.reconciler import Reconciler
from forgather_units.scheduler.returning import Returning
from forgather_units.scheduler.unit_runner import UnitRunner
from forgather_units.store.history import Retention
from forgather_units.store.jobs import JobStore
from forgather_units.systemd.manager import UnitRefused
from forgather_units.units.control import Viewers


@dataclass(frozen=True, slots=True)
class Limits:
    """`max_running` 0 means no cap; `start_timeout` in seconds, for viewers that bind their ports themselves."""

    max_running: int = 0
    start_timeout: float = 120.0
    retention: Retention = field(default_factory=Retention)


class Scheduler:
    """Owns the queue. Public methods may be called from any thread."""

    def __init__(
        self, store: JobStore, viewers: Viewers, environment: Environment, events: EventBus, limits: Limits
    ) -> None:
        self._store = store
        self._viewers = viewers
        self._events = events
        self._environment = environment
        self._table = JobTable(store, events)
        dispatch_wanted = threading.Event()
        self._actor = Actor("scheduler", after_each=lambda: self._dispatcher.dispatch_if_wanted())
        ended_units = EndedUnits(self._table, viewers, self._actor)
        self._units = UnitRunner(
            self._table, viewers, environment, self._actor, ended_units, limits.start_timeout, dispatch_wanted.set
        )
        self._dispatcher = Dispatcher(
            self._table, self._units, environment.ports, self._actor, dispatch_wanted, limits.max_running
        )
        self._reconciler = Reconciler(self._table, viewers, self._units, ended_units)
        self._history = HistoryCleaner(self._table, self._actor, limits.retention)
        self.returning = Returning()

    # Requests of the server

    def start(self) -> None:
        """Continue where the last server stopped. Raises Unavailable if the store or systemd does not respond."""
        self._dispatcher.enabled = self._store.enabled
        self._table.load()
        self._actor.start()
        self._actor.ask(self._resync)
        self._actor.post(self._history.expire_periodically)

    def stop(self) -> None:
        """Stop the actor. The units continue to run."""
        self._units.close()
        self._actor.stop()

    def unit_changed(self, queue_id: str) -> None:
        """Inspect the job's units soon, once for any number of calls until then."""
        self._units.unit_changed(queue_id)

    def inspect_all(self) -> None:
        """Inspect every unit soon: signals may have been missed."""
        self._actor.post(self._resync)

    # Requests of clients

    def submit(self, submission: Submission) -> Job:
        """Queue a (validated) submission, start it if possible; the resulting job. Raises Unavailable."""

        def accept() -> Job:
            now = time.time()
            job = Job(new_queue_id(now), submission, now)
            self._table.accept(job)
            self._dispatcher.dispatch()
            return self._table.need(job.queue_id)

        return self._actor.ask(accept)

    def kill(self, queue_id: str, *, force: bool = False) -> str:
        """End a job in any state; returns a sentence about what was done. Raises NotFound."""
        return self._actor.ask(lambda: self._kill(queue_id, force=force))

    def wake(self, queue_id: str) -> str:
        """Start a sleeping job before its first visit; returns what was done. Raises NotFound, Conflict."""

        def wake() -> str:
            job = self._table.need(queue_id)
            if isinstance(job.state, Starting | Running):
                return f"{queue_id} is awake already"
            if not isinstance(job.state, Sleeping):
                raise Conflict(f"{queue_id} is {job.status}: only a sleeping job can be woken")
            try:
                self._viewers.wake(job)
            except UnitRefused as why:
                raise Conflict(f"{queue_id} cannot be woken: {why}") from None
            self._units.inspect(queue_id)
            return f"{queue_id} wakes up"

        return self._actor.ask(wake)

    def put_to_sleep(self, queue_id: str) -> str:
        """End the process of a running job; systemd keeps its port, and the next request wakes it.

        Returns once it sleeps, or after a timeout. Raises NotFound, Conflict.
        """

        def sleep() -> str:
            job = self._table.need(queue_id)
            if isinstance(job.state, Sleeping):
                return f"{queue_id} is asleep already"
            if not isinstance(job.state, Running):
                raise Conflict(f"{queue_id} is {job.status}: only a running job can be put to sleep")
            if not job.has_socket:
                raise Conflict(f"{queue_id} cannot sleep: it binds its port itself (placement direct)")
            self.returning.falls_asleep(job)
            self._viewers.put_to_sleep(job)
            return f"{queue_id} falls asleep"

        running = self._table.live(queue_id)
        if running is not None and running.has_socket and isinstance(running.state, Running):
            # systemd would start the service again for a connection in its backlog, such as that of touch_socket.
            self._environment.wait_until_accepted(queue_id)
        said, job = self.returning.awaited(
            self._events, lambda: self._actor.ask(sleep), lambda: self._table.get(queue_id)
        )
        return said.replace("falls", "is") if job is not None and isinstance(job.state, Sleeping) else said

    def restart(self, queue_id: str, read_only_paths: tuple[str, ...] | None = None) -> str:
        """End a job if it runs, and queue it again under its own id. Raises NotFound.

        `read_only_paths` are the folders that its new unit can read; None: the same as before.
        """

        return self._actor.ask(lambda: self._restart(queue_id, read_only_paths))

    def renew(self, queue_id: str, read_only_paths: tuple[str, ...]) -> bool:
        """Restart a running job whose folders were replaced: a unit keeps the mounts of its start.

        If `read_only_paths` have not changed, the socket unit (if any) keeps the port. False if the job does not run.
        """

        def renew() -> bool:
            job = self._table.get(queue_id)
            if job is None or not isinstance(job.state, Starting | Running) or job.stop_requested:
                return False
            if job.has_socket and job.submission.read_only_paths == read_only_paths:
                self.returning.falls_asleep(job)
                return self._viewers.restart(job)
            self._restart(queue_id, read_only_paths)
            return True

        return self._actor.ask(renew)

    def set_folder_notice(self, queue_id: str, notice: str) -> None:
        """Set the problem with a job's folder, empty: none. Returns at once."""

        def note() -> None:
            job = self._table.get(queue_id)
            if job is not None and job.is_active and job.folder_notice != notice:
                self._table.note(replace(job, folder_notice=notice))

        self._actor.post(note)

    def reprioritize(self, queue_id: str, priority: int) -> Job:
        """Give a queued job another priority. Raises NotFound, Conflict."""

        def change() -> Job:
            job = self._table.need(queue_id)
            if not isinstance(job.state, Queued):
                raise Conflict(f"{queue_id} is {job.status}: only a queued job has a priority to change")
            self._table.accept(replace(job, submission=replace(job.submission, priority=priority)))
            self._dispatcher.dispatch()
            return self._table.need(queue_id)

        return self._actor.ask(change)

    def remove(self, queue_id: str) -> None:
        """Remove an ended job from the history. Raises NotFound, Conflict."""

        def remove() -> None:
            job = self._table.need(queue_id)
            if not job.is_ended:
                raise Conflict(f"{queue_id} is {job.status}: kill it first", hint=f"forgather job kill {queue_id}")
            self._history.remove(queue_id)

        self._actor.ask(remove)

    def restore(self, queue_ids: Sequence[str], owners: Sequence[str] | None = None) -> list[str]:
        """Undo the removal of these owners' jobs (None: of all), for a minute; the ids of those that are back."""
        return self._history.restore(queue_ids, owners)

    def cleanup(self, owners: Sequence[str] | None = None, older_than: float = 0.0) -> list[str]:
        """Remove the jobs of these owners (None: of all) that ended `older_than` seconds ago; their ids."""
        return self._history.remove_ended(owners, older_than)

    def sweep(self) -> int:
        """Inspect every unit now.

        How many jobs turned out to have ended, plus how many ended jobs had units that still ran (these are stopped).
        """

        # One task for each job that needs an inspection, so that other requests run in between.
        found = [self._actor.ask(check) for check in self._actor.ask(self._reconciler.checks)]
        self._actor.ask(self._dispatcher.dispatch)
        return sum(found)

    def set_enabled(self, enabled: bool) -> None:
        """Pause or resume the dispatch, also for later servers. Running jobs continue. Raises Unavailable."""

        def switch() -> None:
            self._store.enabled = enabled
            self._dispatcher.enabled = enabled
            self._events.publish(Subject.SCHEDULER)
            self._dispatcher.dispatch()

        self._actor.ask(switch)

    def limit(self, limits: Limits) -> None:
        """Replace the limits. The start timeout applies to later starts."""

        def change() -> None:
            self._units.start_timeout = limits.start_timeout
            self._dispatcher.max_running = limits.max_running
            self._history.retention = limits.retention
            self._dispatcher.dispatch()
            self._history.expire()

        self._actor.ask(change)

    def job(self, queue_id: str) -> Job:
        """Raises NotFound."""
        return self._table.need(queue_id)

    def service_job(self, mount: str, name: str) -> Job:
        """The instance of a declared service: its live job, else its latest one. Raises NotFound."""
        job = self._table.instance(mount + name)
        if job is None:
            raise NotFound(f"no such service: {name}")
        return job

    def jobs(self) -> list[Job]:
        """The jobs that have not ended, newest first. (And those whose end could not be saved yet.)"""
        return sorted(self._table.present(), key=lambda job: (job.is_ended, -job.submitted_at))

    def page(self, query: JobQuery) -> JobPage:
        """The jobs that match: first those that have not ended, newest first; then ended ones. Raises Unavailable."""
        return self._table.page(query)

    def ended_by_status(self, owners: Sequence[str] | None = None) -> dict[str, int]:
        """Number of ended jobs of these owners (None: of all) by status. Raises Unavailable."""
        return self._table.ended_by_status(owners)

    def queue(self) -> list[Job]:
        """The queued jobs in dispatch order."""
        return dispatch_order(self._table.queued())

    def status(self) -> SchedulerStatus:
        return self._dispatcher.status

    def ping(self) -> None:
        """Return when the actor has run this task: proof that its thread is not stuck."""
        self._actor.ask(lambda: None)

    def _resync(self) -> None:
        self._reconciler.resync()
        self._dispatcher.dispatch()

    def _restart(self, queue_id: str, read_only_paths: tuple[str, ...] | None) -> str:
        job = self._table.need(queue_id)
        if read_only_paths is not None:
            job = replace(job, submission=replace(job.submission, read_only_paths=read_only_paths))
        if isinstance(job.state, Queued):
            return f"{queue_id} is queued already"
        if isinstance(job.state, Ended):
            self._table.accept(transitions.again(job))
            self._dispatcher.dispatch()
            return f"{queue_id} is queued again"
        self.returning.restarts(job)
        self._table.note(replace(job, stop_requested=True, restart_requested=True))
        self._viewers.stop(job)
        self._units.inspect(queue_id)
        return f"{queue_id} is stopped and starts again"

    def _kill(self, queue_id: str, *, force: bool) -> str:
        job = self._table.need(queue_id)
        if isinstance(job.state, Ended):
            return f"{queue_id} has ended already ({job.status})"
        if isinstance(job.state, Queued):
            self._table.accept(transitions.cancelled(job, time.time()))
            # Stops units that exist in spite of its state.
            self._units.inspect(queue_id)
            self._dispatcher.dispatch()
            return f"{queue_id} was queued and is cancelled"
        # It may be stopping for a restart, which is no longer wanted.
        self._table.note(replace(job, stop_requested=True, restart_requested=False))
        acted = self._viewers.kill(job) if force else self._viewers.stop(job)
        self._units.inspect(queue_id)
        if not acted:
            return f"{queue_id} has ended already"
        return f"{queue_id}: {'SIGKILL sent to all its processes' if force else 'SIGTERM sent'}"
