"""The scheduler: what is asked of it, what systemd tells it, and what follows.

Everything here runs on one thread (the mailbox's), except the plain reads. There is no tick: a dispatch follows each
event that could let a job go ahead.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forgather_units.domain.errors import Conflict, Unavailable
from forgather_units.domain.job import Active, Ended, Job, Queued, Running, Sleeping, Starting, Submission
from forgather_units.domain.queue_id import new_queue_id
from forgather_units.domain.tensorboard import AUTO
from forgather_units.scheduler import endings, life
from forgather_units.scheduler.changes import Changes
from forgather_units.scheduler.mailbox import Mailbox
from forgather_units.scheduler.order import Ports, dispatch_order, plan
from forgather_units.scheduler.readiness import ReadinessWatch
from forgather_units.scheduler.roster import Roster
from forgather_units.store.jobs import JobStore
from forgather_units.units.bus import UnitExists, UnitRefused
from forgather_units.units.exit_record import ExitRecord
from forgather_units.units.viewers import Alive, Asleep, Gone, Over, PortTaken, Restarting, Viewers

log = logging.getLogger(__name__)

# Nobody tells us when another process frees a port, so that one thing is asked again (seconds).
_FOREIGN_PORT_PAUSE: Final = 1.0
# journald stores a process's last line some milliseconds after its end: a failure is explained this much later.
_LAST_WORDS_PAUSE: Final = 0.25
_RETRY_PAUSE: Final = 2.0
# systemd sweeps an ended unit out within milliseconds; until then its name is taken.
_SWEEP_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the scheduler asks of the rest of the house."""

    ports: Ports
    answers: Callable[[Job], bool]
    """Whether the job's TensorBoard answers under its prefix."""
    last_lines: Callable[[Job], Sequence[str]]
    """The last lines of the job's output."""


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
        self._roster = Roster(store, changes)
        self._mailbox = Mailbox("scheduler")
        self._readiness = ReadinessWatch(lambda queue_id: self._mailbox.post(lambda: self._ready(queue_id)))
        self._to_look_at: set[str] = set()
        self._verdicts: dict[str, Callable[[Job], Job]] = {}
        """Why we stop a unit ourselves: applied once it has ended."""
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
        self._mailbox.ask(self._resync)

    def stop(self) -> None:
        """Stop deciding. The units go on."""
        self._readiness.stop()
        self._mailbox.stop()

    def unit_changed(self, queue_id: str) -> None:
        """A unit gave a sign of life: look at it (once, however many signs there were)."""
        if queue_id not in self._to_look_at:
            self._to_look_at.add(queue_id)
            self._mailbox.post(lambda: self._look(queue_id))

    def look_at_all(self) -> None:
        """Signals may have been missed: look at every unit."""
        self._mailbox.post(self._resync)

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
                self._viewers.wake(queue_id)
            except UnitRefused as why:
                raise Conflict(f"{queue_id} cannot be woken: {why}") from None
            self._look(queue_id)
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
            self._viewers.put_to_sleep(queue_id)
            return f"{queue_id} falls asleep"

        return self._mailbox.ask(sleep)

    def restart(self, queue_id: str) -> str:
        """End a job if it runs, and queue it again under its own id. Raises NotFound."""

        def restart() -> str:
            job = self._roster.need(queue_id)
            if isinstance(job.state, Queued):
                return f"{queue_id} is queued already"
            if isinstance(job.state, Ended):
                self._queue_again(job)
                self._dispatch()
                return f"{queue_id} is queued again"
            self._roster.note(replace(job, stop_requested=True, restart_requested=True))
            self._viewers.stop(queue_id)
            self._look(queue_id)
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

    def cleanup(self) -> list[str]:
        """Forget all ended jobs; their ids."""

        def clean() -> list[str]:
            names = [job.queue_id for job in self._roster.ended()]
            self._roster.remove(names)
            return names

        return self._mailbox.ask(clean)

    def sweep(self) -> int:
        """Look at every unit now; how many jobs turned out to have ended."""

        def sweep() -> int:
            before = len(self._roster.active())
            self._resync()
            return max(0, before - len(self._roster.active()))

        return self._mailbox.ask(sweep)

    def set_enabled(self, enabled: bool) -> None:
        """Pause or resume the dispatch. What runs goes on; the choice outlives the server. Raises Unavailable."""

        def switch() -> None:
            self._store.enabled = enabled
            self._enabled = enabled
            self._dispatch()

        self._mailbox.ask(switch)

    def job(self, queue_id: str) -> Job:
        """Raises NotFound."""
        return self._roster.need(queue_id)

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
            self._start(job, port)
        if steps.waits_for_foreign and not self._foreign_poll:
            self._foreign_poll = True
            self._mailbox.after(_FOREIGN_PORT_PAUSE, self._ask_foreign_port_again)

    def _ask_foreign_port_again(self) -> None:
        self._foreign_poll = False
        self._dispatch()

    def _start(self, job: Job, port: int | None) -> None:
        options = job.submission.options
        if options.port == AUTO and port is not None:
            options = replace(options, port=port)
            job = replace(job, submission=replace(job.submission, options=options, config=options.label))
        try:
            placed = self._viewers.start(job, port)
        except UnitExists as why:
            self._roster.show(job.now(Queued(str(why))))
            self._mailbox.after(_SWEEP_PAUSE, self._dispatch)
            return
        except UnitRefused as why:
            self._end(endings.not_started(job, time.time(), str(why)))
            return
        except (Unavailable, OSError) as why:
            # The manager is away or the disk is full: the job keeps its place.
            log.warning("%s could not be started, will be tried again: %s", job.queue_id, why)
            self._roster.show(job.now(Queued(str(why))))
            self._mailbox.after(_RETRY_PAUSE, self._dispatch)
            return
        job, now = job.placed_as(placed), time.time()
        log.info("%s placed (%s) on port %s: %s", job.queue_id, placed.placement, port, options.logdir)
        asleep = job.has_socket and job.submission.placing.lazy
        job = job.now(Sleeping(now, port) if asleep else Starting(now, port))
        self._roster.note(job)
        self._expect_answer(job)

    def _expect_answer(self, job: Job) -> None:
        """Behind a socket systemd itself knows when it answered; one that has its port itself must be asked."""
        if job.has_socket or not isinstance(job.state, Starting):
            return
        queue_id, began = job.queue_id, job.state
        self._readiness.watch(queue_id, lambda: self._around.answers(self._roster.need(queue_id)))
        self._mailbox.after(self._limits.start_timeout, lambda: self._start_timed_out(queue_id, began))

    def _ready(self, queue_id: str) -> None:
        self._readiness.give_up(queue_id)
        job = self._roster.get(queue_id)
        if job is not None and isinstance(job.state, Starting):
            state = job.state
            self._roster.note(job.now(Running(state.started_at, time.time(), state.port, state.pid)))

    def _start_timed_out(self, queue_id: str, began: Starting) -> None:
        job = self._roster.get(queue_id)
        if job is None or not isinstance(job.state, Starting) or job.stop_requested:
            return
        if job.state.started_at > began.started_at:
            return
        lines = self._around.last_lines(job)
        seconds = self._limits.start_timeout
        self._verdicts[queue_id] = lambda ended: endings.never_answered(ended, time.time(), seconds, lines)
        self._readiness.give_up(queue_id)
        self._viewers.stop(queue_id)
        self._look(queue_id)

    # The end

    def _kill(self, queue_id: str, *, force: bool) -> str:
        job = self._roster.need(queue_id)
        if isinstance(job.state, Ended):
            return f"{queue_id} has ended already ({job.status})"
        if isinstance(job.state, Queued):
            self._roster.accept(endings.cancelled(job, time.time()))
            self._dispatch()
            return f"{queue_id} was queued and is cancelled"
        self._roster.note(replace(job, stop_requested=True))
        acted = self._viewers.kill(queue_id) if force else self._viewers.stop(queue_id)
        self._look(queue_id)
        if not acted:
            return f"{queue_id} has ended already"
        return f"{queue_id}: {'SIGKILL sent to all its processes' if force else 'SIGTERM sent'}"

    def _look(self, queue_id: str) -> None:
        self._to_look_at.discard(queue_id)
        job = self._roster.get(queue_id)
        if job is None or not isinstance(job.state, Active):
            return
        match self._viewers.look(queue_id):
            case Alive() as seen:
                self._expect_again(job, life.alive(job, seen, time.time()))
            case Asleep(since=since) if not job.stop_requested:
                self._note(job, life.asleep(job, since))
            case Restarting(record=record):
                self._restarting(job, record)
            case PortTaken():
                self._lost_port(job)
            case Over() as over:
                self._over(job, over)
            case Gone():
                self._end(self._verdict(job) or endings.lost(job, time.time()))

    def _note(self, job: Job, seen: Job) -> None:
        if seen != job:
            self._roster.note(seen)

    def _expect_again(self, job: Job, seen: Job) -> None:
        self._note(job, seen)
        if seen.restarts > job.restarts:
            self._expect_answer(seen)

    def _restarting(self, job: Job, record: ExitRecord) -> None:
        """systemd starts again what ran and failed; what could not even start would fail for ever."""
        if isinstance(job.state, Starting) and job.last_failure == "":
            self._viewers.stop(job.queue_id)
            self._over(job, Over(record))
        elif not isinstance(job.state, Starting):
            self._readiness.give_up(job.queue_id)
            self._roster.note(life.restarting(job, record))

    def _lost_port(self, job: Job) -> None:
        """Somebody was quicker than our socket: the job waits like any other."""
        self._viewers.forget(job.queue_id)
        self._roster.accept(replace(job.now(Queued("its port was taken by another process")), placed=None))
        self._mailbox.after(_SWEEP_PAUSE, self._dispatch)

    def _verdict(self, job: Job) -> Job | None:
        verdict = self._verdicts.pop(job.queue_id, None)
        return verdict(job) if verdict else None

    def _over(self, job: Job, over: Over) -> None:
        if over.holds_port:
            # Else the next request would start it again.
            self._viewers.stop(job.queue_id)
        if ended := self._verdict(job):
            self._end(ended)
            return
        ended = endings.ended_by(job, over.record, ())
        if ended.status == "failed":
            self._readiness.give_up(job.queue_id)
            self._mailbox.after(_LAST_WORDS_PAUSE, lambda: self._explain(job.queue_id, over.record))
        else:
            self._end(ended)

    def _explain(self, queue_id: str, record: ExitRecord) -> None:
        job = self._roster.get(queue_id)
        if job is None or not job.is_active:
            return
        lines = self._around.last_lines(job)
        if record.result == "timeout" and isinstance(job.state, Starting):
            self._end(endings.never_answered(job, record.at, self._limits.start_timeout, lines))
        else:
            self._end(endings.ended_by(job, record, lines))

    def _end(self, job: Job) -> None:
        """Record the end first, let systemd forget the unit then: what is not written down is not thrown away."""
        self._readiness.give_up(job.queue_id)
        self._roster.note(job)
        assert isinstance(job.state, Ended)
        log.info("%s ended: %s %s", job.queue_id, job.status, job.state.reason)
        if self._roster.save_unsaved():
            self._viewers.forget(job.queue_id)
        else:
            self._mailbox.after(_RETRY_PAUSE, self._save_again)
        if job.restart_requested:
            self._queue_again(job)
        self._dispatch()

    def _queue_again(self, job: Job) -> None:
        self._roster.accept(Job(job.queue_id, job.submission, job.submitted_at))

    def _save_again(self) -> None:
        if not self._roster.save_unsaved():
            self._mailbox.after(_RETRY_PAUSE, self._save_again)
            return
        for job in self._roster.ended():
            self._viewers.forget(job.queue_id)

    # After a start of the server, or of the bus

    def _resync(self) -> None:
        """Make what we believe true again: adopt units that we do not know, look at those that we do."""
        for carried, port in self._viewers.found():
            known = self._roster.get(carried.queue_id)
            if known is None or isinstance(known.state, Queued):
                self._adopt(carried, port)
            elif known.is_ended and not isinstance(self._viewers.look(known.queue_id), Alive):
                self._viewers.forget(known.queue_id)
        for job in self._roster.active():
            self._look(job.queue_id)
        for job in self._roster.active():
            if job.queue_id not in self._verdicts:
                self._expect_answer(job)
        self._dispatch()

    def _adopt(self, carried: Job, port: int | None) -> None:
        begun = carried.now(Starting(carried.submitted_at, port))
        match self._viewers.look(carried.queue_id):
            case Alive() as seen:
                self._roster.note(life.alive(begun, seen, time.time()))
            case Asleep(since=since):
                self._roster.note(life.asleep(begun, since))
            case Over() | Restarting():
                self._roster.note(begun)
            case Gone() | PortTaken():
                pass
