"""Runs the units of jobs: starts them, inspects them when systemd reports a change, records their end once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from forgather_units.domain.errors import ForgatherError, Unavailable
from forgather_units.domain.job import Active, Ended, Job, Queued, Running, Sleeping, Starting, Submission
from forgather_units.domain.listening import AUTO
from forgather_units.scheduler import transitions
from forgather_units.scheduler.actor import Actor
from forgather_units.scheduler.ended_units import EndedUnits
from forgather_units.scheduler.environment import Environment
from forgather_units.scheduler.job_table import JobTable
from forgather_units.scheduler.lost_ports import LostPorts
from forgather_units.scheduler.readiness import ReadinessWatch
from forgather_units.systemd.manager import UnitExists, UnitRefused
from forgather_units.units.control import RESOURCES, Alive, Asleep, Gone, Over, PortTaken, Restarting, Viewers
from forgather_units.units.exit_record import ExitRecord

log = logging.getLogger(__name__)

# journald stores the last line of a process some milliseconds after its end, on a busy machine later: a failure is
# explained this much later, and again later if there is no line yet.
_LAST_LINES_PAUSES: Final = (0.25, 0.5, 1.0)
_RETRY_PAUSE: Final = 2.0
# systemd unloads an ended unit within milliseconds; until then its name is in use.
_UNLOAD_PAUSE: Final = 0.1


class UnitRunner:
    """Starts units and follows them to their end.

    It knows nothing of the scheduler: it calls `room` when another job may be able to start. Runs on the actor's
    thread.
    """

    def __init__(
        self,
        table: JobTable,
        viewers: Viewers,
        environment: Environment,
        actor: Actor,
        ended_units: EndedUnits,
        start_timeout: float,
        room: Callable[[], None],
    ) -> None:
        self._table = table
        self._viewers = viewers
        self._environment = environment
        self._actor = actor
        self._ended_units = ended_units
        self.start_timeout = start_timeout
        self._room = room
        self._readiness = ReadinessWatch(lambda queue_id: actor.post(lambda: self._ready(queue_id)))
        self._changed: set[str] = set()
        """Jobs whose units will be inspected."""
        self._verdicts: dict[str, Callable[[Job], Job]] = {}
        """The outcome of a job whose unit this server stops itself: applied once the unit has ended."""
        self._asked: dict[str, Submission] = {}
        """The original submission of each job for which the scheduler chose the port."""
        self._lost_ports = LostPorts(environment.ports)
        self._explaining: set[str] = set()
        """Jobs that have failed and will be recorded soon: later states of their units change nothing."""
        self._retrying: set[str] = set()
        """Jobs whose units could not be read and will be inspected again."""

    def close(self) -> None:
        """Stop watching. The units continue to run."""
        self._readiness.stop()

    def unit_changed(self, queue_id: str) -> None:
        """Inspect the job's units soon, once for any number of calls until then. Any thread."""
        if queue_id not in self._changed:
            self._changed.add(queue_id)
            self._actor.post(lambda: self.inspect(queue_id))

    @contextmanager
    def failing_alone(self, queue_id: str, moment: str) -> Iterator[None]:
        """End this job, with a reason, if the body raises an exception; affect nothing else.

        Unavailable is not the job's fault: its units are inspected again later.
        """
        try:
            yield
        except Unavailable as why:
            log.warning("%s could not be %s, will be tried again: %s", queue_id, moment, why)
            if queue_id not in self._retrying:
                self._retrying.add(queue_id)
                self._actor.after(_RETRY_PAUSE, lambda: self._inspect_again(queue_id))
        except Exception as why:
            self.fail(queue_id, moment, why)

    def _inspect_again(self, queue_id: str) -> None:
        self._retrying.discard(queue_id)
        self.inspect(queue_id)

    def fail(self, queue_id: str, moment: str, why: Exception) -> None:
        """End the job because `why` was raised while it was `moment` ("started"). Raises nothing."""
        log.error("%s could not be %s", queue_id, moment, exc_info=None if isinstance(why, ForgatherError) else why)
        job = self._table.live(queue_id)
        if job is None or job.is_ended:
            return
        try:
            # Some of its units may run.
            self._viewers.stop(job)
        except Exception:
            log.exception("the units of %s could not be stopped", queue_id)
        self._explaining.discard(queue_id)
        self._verdicts.pop(queue_id, None)
        self._end(transitions.broken(job, time.time(), moment, why))

    # Starting

    def start(self, job: Job, port: int | None) -> None:
        """Start the units of a queued job; `port` is None for a private one. Raises nothing."""
        with self.failing_alone(job.queue_id, "started"):
            self._start(job, port)

    def _start(self, job: Job, port: int | None) -> None:
        if job.submission.options.port == AUTO and port is not None:
            self._asked[job.queue_id] = job.submission
            job = transitions.on_port(job, port)
        try:
            placed = self._viewers.start(job, port)
        except UnitExists as why:
            self._already_loaded(job, str(why))
            return
        except UnitRefused as why:
            self._end(transitions.not_started(job, time.time(), str(why)))
            return
        except (Unavailable, OSError) as why:
            # The manager is unavailable or the disk is full: the job stays in the queue.
            log.warning("%s could not be started, will be tried again: %s", job.queue_id, why)
            self._table.show(job.now(Queued(str(why))))
            self._actor.after(_RETRY_PAUSE, self._room)
            return
        job, now = replace(job, placed=placed, boot_id=self._environment.boot_id), time.time()
        log.info("%s placed (%s) on port %s: %s", job.queue_id, placed.placement, port, job.submission.options.folder)
        asleep = job.has_socket and job.submission.placing.lazy
        job = job.now(Sleeping(now, port) if asleep else Starting(now, port))
        self._table.note(job)
        self._await_readiness(job)

    def adopt_own_units(self, queue_id: str) -> None:
        """Adopt the units of a queued job if they run already. Raises nothing."""
        with self.failing_alone(queue_id, "inspected"):
            job = self._table.live(queue_id)
            if job is not None and self._viewers.is_there(job):
                self._already_loaded(job, "its last unit is still being unloaded")

    def _already_loaded(self, job: Job, why: str) -> None:
        """Follow loaded units with the names of this job's: they run, or systemd is about to unload them."""
        match self._viewers.look(job):
            case Asleep() | Alive(stopping=False) if carried := self._viewers.carried(job):
                log.info("%s runs already", job.queue_id)
                self.adopt(*carried)
                self.inspect(job.queue_id)
            case seen:
                if not isinstance(seen, Alive | Restarting):
                    # A failed unit stays loaded until it is reset.
                    self._viewers.forget(job)
                self._table.show(job.now(Queued(why)))
                self._actor.after(_UNLOAD_PAUSE, self._room)

    def adopt(self, carried: Job, port: int | None) -> None:
        """Add to the table a job that is known from its unit alone, with the unit's port. Raises Unavailable."""
        begun = replace(carried.now(Starting(carried.submitted_at, port)), boot_id=self._environment.boot_id)
        match self._viewers.look(carried):
            case Alive() as seen:
                self._note(begun, transitions.alive(begun, seen, time.time()))
            case Asleep(since=since):
                self._table.note(transitions.asleep(begun, since))
            case Over() | Restarting():
                self._table.note(begun)
            case Gone() | PortTaken():
                pass

    def resume(self, queue_id: str) -> None:
        """Follow the units of an active job that an earlier server may have started. Raises nothing."""
        self.inspect(queue_id)
        job = self._table.live(queue_id)
        if job is not None and job.is_active and queue_id not in self._verdicts:
            self._await_readiness(job)

    # Readiness

    def _await_readiness(self, job: Job) -> None:
        """Poll a starting viewer that binds its port itself; behind a socket unit, systemd reports when it is ready."""
        if job.has_socket or not isinstance(job.state, Starting):
            return
        queue_id, began = job.queue_id, job.state
        self._readiness.watch(queue_id, lambda: self._environment.is_ready(self._table.need(queue_id)))
        self._actor.after(self.start_timeout, lambda: self._start_timed_out(queue_id, began))

    def _ready(self, queue_id: str) -> None:
        self._readiness.give_up(queue_id)
        job = self._table.live(queue_id)
        if job is not None and isinstance(job.state, Starting):
            self._lost_ports.forget(queue_id)
            with self.failing_alone(queue_id, "recorded"):
                self._table.note(transitions.ready(job, job.state, time.time()))

    def _start_timed_out(self, queue_id: str, began: Starting) -> None:
        job = self._table.live(queue_id)
        if job is None or not isinstance(job.state, Starting) or job.stop_requested:
            return
        if job.state.started_at > began.started_at:
            return
        lines, seconds = self._environment.explanation(job), self.start_timeout
        self._verdicts[queue_id] = lambda ended: transitions.never_answered(ended, time.time(), seconds, lines)
        self._readiness.give_up(queue_id)
        with self.failing_alone(queue_id, "stopped"):
            self._viewers.stop(job)
        self.inspect(queue_id)

    # Following

    def inspect(self, queue_id: str) -> None:
        """Read the state of the job's units, and update the job. Raises nothing."""
        self._changed.discard(queue_id)
        with self.failing_alone(queue_id, "inspected"):
            self._inspect(queue_id)

    def _inspect(self, queue_id: str) -> None:
        job = self._table.get(queue_id)
        if job is not None and job.is_ended and self._table.is_saved(queue_id):
            # Its last record may be written after its end: a socket closes after its viewer.
            self._ended_units.clear(job)
        if job is None or not isinstance(job.state, Active) or queue_id in self._explaining:
            return
        match self._viewers.look(job):
            case Alive() as seen:
                now = transitions.alive(job, seen, time.time())
                self._note(job, now)
                if now.restarts > job.restarts:
                    self._await_readiness(now)
            case Asleep(since=since) if not job.stop_requested:
                if not isinstance(job.state, Sleeping):
                    self._viewers.reset_start_limit(job)
                self._note(job, transitions.asleep(job, since))
            case Restarting(record=record):
                self._restarting(job, record)
            case PortTaken():
                self._lost_port(job)
            case Over() as over:
                self._over(job, over)
            case Gone():
                verdict = self._verdict(job)
                self._end(verdict or transitions.lost(job, time.time(), self._environment.boot_id))

    def _note(self, job: Job, seen: Job) -> None:
        if seen == job:
            return
        self._table.note(seen)
        if seen.has_socket and isinstance(seen.state, Running) and not isinstance(job.state, Running):
            # systemd-socket-proxyd counts idle time from the end of a connection: without a first one it never does.
            self._environment.touch_socket(seen.queue_id)

    def _restarting(self, job: Job, record: ExitRecord) -> None:
        """Let systemd restart a viewer that ran and failed; stop a viewer that could not start: it would fail again.

        A lack of resources may be temporary: systemd retries each second, within StartLimitBurst=.
        """
        lacking = record.result == RESOURCES and not job.stop_requested
        if lacking and isinstance(job.state, Starting):
            return
        if lacking or isinstance(job.state, Running):
            self._readiness.give_up(job.queue_id)
            self._table.note(transitions.restarting(job, record))
        elif job.state != transitions.restarting(job, record).state:
            self._viewers.stop(job)
            self._over(job, Over(record))

    def _lost_port(self, job: Job) -> None:
        """Requeue a job whose port another process took first: it waits for its port, or gets another one (auto)."""
        # Where this server cannot check the port, the next start finds out: less often.
        known = not job.has_socket or self._asked.get(job.queue_id, job.submission).options.port == AUTO
        self._requeue(job, "its port was taken by another process", _UNLOAD_PAUSE if known else _RETRY_PAUSE)

    def _requeue(self, job: Job, reason: str, pause: float) -> None:
        """Put the job back into the queue as it was submitted; it may start again in `pause` seconds.

        A job that was killed meanwhile ends.
        """
        if job.stop_requested and not job.restart_requested:
            self._end(transitions.lost(job, time.time(), self._environment.boot_id))
            return
        self._readiness.give_up(job.queue_id)
        self._viewers.forget(job)
        asked = self._asked.pop(job.queue_id, job.submission)
        self._table.note(transitions.again(replace(job, submission=asked), reason))
        self._actor.after(pause, self._room)

    # Ending

    def _verdict(self, job: Job) -> Job | None:
        verdict = self._verdicts.pop(job.queue_id, None)
        return verdict(job) if verdict else None

    def _over(self, job: Job, over: Over) -> None:
        if over.holds_port:
            # Else the next request would start it again.
            self._viewers.stop(job)
        verdict = self._verdict(job)
        ended = verdict or transitions.ended_by(job, over.record, (), self._environment.boot_id)
        if over.record.result == RESOURCES and ended.status == "failed":
            log.warning("%s could not be started, will be tried again: %s", job.queue_id, transitions.LACKS_RESOURCES)
            self._requeue(job, transitions.LACKS_RESOURCES, _RETRY_PAUSE)
        elif self._lost_ports.is_lost(job, ended):
            self._lost_port(job)
        elif ended.status == "failed" and verdict is None:
            self._readiness.give_up(job.queue_id)
            self._explaining.add(job.queue_id)
            self._explain_after(_LAST_LINES_PAUSES, job.queue_id, over.record)
        else:
            self._end(ended)

    def _explain_after(self, pauses: Sequence[float], queue_id: str, record: ExitRecord) -> None:
        self._actor.after(pauses[0], lambda: self._explain(pauses[1:], queue_id, record))

    def _explain(self, pauses: Sequence[float], queue_id: str, record: ExitRecord) -> None:
        job = self._table.live(queue_id)
        if job is None or not job.is_active:
            self._explaining.discard(queue_id)
            return
        lines = self._environment.explanation(job)
        if not lines and pauses:
            self._explain_after(pauses, queue_id, record)
            return
        self._explaining.discard(queue_id)
        if record.result == "timeout" and isinstance(job.state, Starting):
            self._end(transitions.never_answered(job, record.at, self.start_timeout, lines))
        else:
            self._end(transitions.ended_by(job, record, lines, self._environment.boot_id))

    def _end(self, job: Job) -> None:
        """Record the end, then have systemd forget the unit: in this order, so that the end cannot be lost."""
        self._readiness.give_up(job.queue_id)
        self._asked.pop(job.queue_id, None)
        self._lost_ports.forget(job.queue_id)
        assert isinstance(job.state, Ended)
        log.info("%s ended: %s %s", job.queue_id, job.status, job.state.reason)
        try:
            self._table.note(job)
        except Exception:
            # It is shown as ended, and nothing that follows depends on its record.
            log.exception("the end of %s could not be recorded", job.queue_id)
        self._ended_units.forget([job.queue_id])
        if job.restart_requested:
            with self.failing_alone(job.queue_id, "queued again"):
                self._table.note(transitions.again(job))
        self._room()
