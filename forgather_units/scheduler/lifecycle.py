"""The life of a job's unit: started, looked at whenever systemd says that something changed, and ended once.

Runs on the scheduler's thread alone.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.job import Active, Ended, Job, Queued, Running, Sleeping, Starting, Submission
from forgather_units.domain.listening import AUTO
from forgather_units.scheduler import endings, life
from forgather_units.scheduler.mailbox import Mailbox
from forgather_units.scheduler.order import Ports
from forgather_units.scheduler.readiness import ReadinessWatch
from forgather_units.scheduler.roster import Roster
from forgather_units.units.bus import UnitExists, UnitRefused
from forgather_units.units.exit_record import ExitRecord
from forgather_units.units.viewers import Alive, Asleep, Gone, Over, PortTaken, Restarting, Viewers

log = logging.getLogger(__name__)

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
    knock: Callable[[str], None]
    """Connect to a job's socket (its id) and leave again."""
    boot_id: str = ""
    """The kernel's id of this boot."""


class Lifecycle:
    """Starts units and follows them to their end; `dispatch` is called when something else may go ahead."""

    def __init__(
        self,
        roster: Roster,
        viewers: Viewers,
        around: Surroundings,
        mailbox: Mailbox,
        start_timeout: float,
        dispatch: Callable[[], None],
    ) -> None:
        self._roster = roster
        self._viewers = viewers
        self._around = around
        self._mailbox = mailbox
        self._start_timeout = start_timeout
        self._dispatch = dispatch
        self._readiness = ReadinessWatch(lambda queue_id: mailbox.post(lambda: self._ready(queue_id)))
        self._to_look_at: set[str] = set()
        self._verdicts: dict[str, Callable[[Job], Job]] = {}
        """Why we stop a unit ourselves: applied once it has ended."""
        self._asked: dict[str, Submission] = {}
        """What was asked for where we chose the port."""
        self._explaining: set[str] = set()
        """Failed, and about to be recorded: what becomes of the units meanwhile changes nothing."""

    def close(self) -> None:
        """Watch no longer. The units go on."""
        self._readiness.stop()

    def unit_changed(self, queue_id: str) -> None:
        """A unit gave a sign of life: look at it (once, however many signs there were). Any thread."""
        if queue_id not in self._to_look_at:
            self._to_look_at.add(queue_id)
            self._mailbox.post(lambda: self.look(queue_id))

    def start(self, job: Job, port: int | None) -> None:
        """Start its units; `port` is None for a private one."""
        options = job.submission.options
        if options.port == AUTO and port is not None:
            self._asked[job.queue_id] = job.submission
            options, label = options.on_port(port), f"{job.submission.kind.name}:{port}"
            job = replace(job, submission=replace(job.submission, options=options, config=label))
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
        job, now = replace(job, placed=placed, boot_id=self._around.boot_id), time.time()
        log.info("%s placed (%s) on port %s: %s", job.queue_id, placed.placement, port, options.folder)
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
        self._mailbox.after(self._start_timeout, lambda: self._start_timed_out(queue_id, began))

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
        seconds = self._start_timeout
        self._verdicts[queue_id] = lambda ended: endings.never_answered(ended, time.time(), seconds, lines)
        self._readiness.give_up(queue_id)
        self._viewers.stop(job)
        self.look(queue_id)

    def look(self, queue_id: str) -> None:
        """See what is true of its units, and follow."""
        self._to_look_at.discard(queue_id)
        job = self._roster.get(queue_id)
        if job is not None and job.is_ended and self._roster.is_saved(queue_id):
            # Its last words may come after its end: a socket closes behind its viewer.
            self._clear(job)
        if job is None or not isinstance(job.state, Active) or queue_id in self._explaining:
            return
        match self._viewers.look(job):
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
                self._end(self._verdict(job) or endings.lost(job, time.time(), self._around.boot_id))

    def _note(self, job: Job, seen: Job) -> None:
        if seen == job:
            return
        self._roster.note(seen)
        if seen.has_socket and isinstance(seen.state, Running) and not isinstance(job.state, Running):
            # systemd-socket-proxyd counts idle time from the end of a connection: without a first one it never does.
            self._around.knock(seen.queue_id)

    def _expect_again(self, job: Job, seen: Job) -> None:
        self._note(job, seen)
        if seen.restarts > job.restarts:
            self._expect_answer(seen)

    def _restarting(self, job: Job, record: ExitRecord) -> None:
        """systemd starts again what ran and failed; what could not even start would fail for ever."""
        if isinstance(job.state, Running):
            self._readiness.give_up(job.queue_id)
            self._roster.note(life.restarting(job, record))
        elif job.state != life.restarting(job, record).state:
            self._viewers.stop(job)
            self._over(job, Over(record))

    def _lost_port(self, job: Job) -> None:
        """Somebody was quicker than our socket: the job waits like any other, or has another port if any is good."""
        self._viewers.forget(job)
        asked = self._asked.pop(job.queue_id, job.submission)
        again = replace(job.now(Queued("its port was taken by another process")), placed=None, submission=asked)
        self._roster.accept(again)
        self._mailbox.after(_SWEEP_PAUSE, self._dispatch)

    def _verdict(self, job: Job) -> Job | None:
        verdict = self._verdicts.pop(job.queue_id, None)
        return verdict(job) if verdict else None

    def _over(self, job: Job, over: Over) -> None:
        if over.holds_port:
            # Else the next request would start it again.
            self._viewers.stop(job)
        if ended := self._verdict(job):
            self._end(ended)
            return
        ended = endings.ended_by(job, over.record, (), self._around.boot_id)
        if ended.status == "failed":
            self._readiness.give_up(job.queue_id)
            self._explaining.add(job.queue_id)
            self._mailbox.after(_LAST_WORDS_PAUSE, lambda: self._explain(job.queue_id, over.record))
        else:
            self._end(ended)

    def _explain(self, queue_id: str, record: ExitRecord) -> None:
        self._explaining.discard(queue_id)
        job = self._roster.get(queue_id)
        if job is None or not job.is_active:
            return
        lines = self._around.last_lines(job)
        if record.result == "timeout" and isinstance(job.state, Starting):
            self._end(endings.never_answered(job, record.at, self._start_timeout, lines))
        else:
            self._end(endings.ended_by(job, record, lines, self._around.boot_id))

    def _end(self, job: Job) -> None:
        """Record the end first, let systemd forget the unit then: what is not written down is not thrown away."""
        self._readiness.give_up(job.queue_id)
        self._asked.pop(job.queue_id, None)
        self._roster.note(job)
        assert isinstance(job.state, Ended)
        log.info("%s ended: %s %s", job.queue_id, job.status, job.state.reason)
        if self._roster.save_unsaved():
            self._viewers.forget(job)
        else:
            self._mailbox.after(_RETRY_PAUSE, self._save_again)
        if job.restart_requested:
            self.queue_again(job)
        self._dispatch()

    def queue_again(self, job: Job) -> None:
        """An ended job, back in the queue under its own id. Raises Unavailable."""
        self._roster.accept(Job(job.queue_id, job.submission, job.submitted_at))

    def _save_again(self) -> None:
        if not self._roster.save_unsaved():
            self._mailbox.after(_RETRY_PAUSE, self._save_again)
            return
        for job in self._roster.ended():
            self._viewers.forget(job)

    # After a start of the server, or of the bus

    def resync(self) -> None:
        """Make what we believe true again: adopt units that we do not know, look at those that we do."""
        for carried, port in self._viewers.found():
            known = self._roster.get(carried.queue_id)
            if known is None or isinstance(known.state, Queued):
                self._adopt(carried, port)
            elif known.is_ended:
                self._clear(known)
        for job in self._roster.active():
            self.look(job.queue_id)
        for job in self._roster.active():
            if job.queue_id not in self._verdicts:
                self._expect_answer(job)
        self._dispatch()

    def _clear(self, job: Job) -> None:
        """What is left of one that has ended, as we know."""
        if not self._viewers.is_there(job):
            return
        match self._viewers.look(job):
            case Asleep():
                self._viewers.stop(job)
            case Alive():
                pass
            case _:
                self._viewers.forget(job)

    def _adopt(self, carried: Job, port: int | None) -> None:
        begun = carried.now(Starting(carried.submitted_at, port))
        match self._viewers.look(carried):
            case Alive() as seen:
                self._note(begun, life.alive(begun, seen, time.time()))
            case Asleep(since=since):
                self._roster.note(life.asleep(begun, since))
            case Over() | Restarting():
                self._roster.note(begun)
            case Gone() | PortTaken():
                pass
