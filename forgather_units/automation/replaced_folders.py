"""Restarts viewers whose folder was replaced: inotify reports a change, then the folders are compared.

A training run recreates its logdir (`rm -rf runs`), a folder is renamed, a link changes: a unit with private mounts
keeps the folder that it started with. No polling: such a change is an event in one of the folders on the path. A
folder that did not exist when the unit started, such as a config's output folder before its first training, counts as
replaced once it appears.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from forgather_units.domain.errors import ForgatherError, NotFound, Refused
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.folders.identity import Comparison, compare
from forgather_units.folders.inotify import FolderEvents
from forgather_units.scheduler.events import Event, EventBus
from forgather_units.scheduler.scheduler import Scheduler
from forgather_units.viewers.tensorboard.logdir import LogdirFacts, inspect_logdir
from forgather_units.viewers.tensorboard.options import TensorBoardOptions

log = logging.getLogger(__name__)

# Seconds. `rm -rf runs; mkdir runs` is several events.
_GATHER: Final = 0.3
# Minimum time between two comparisons of one job: each new run in its logdir causes one.
_CHECK_PAUSE: Final = 1.5
# Minimum time between two restarts of a viewer: it must keep serving if a training run recreates its logdir each
# second.
_RESTART_PAUSE: Final = 10.0
# Watches are limited per account, and other programs need some (/proc/sys/fs/inotify/max_user_watches).
_MAX_FOLDERS: Final = 1000

Ask = Callable[..., Any]
"""`ask(path, function, *args)` calls the function in a process that may hang with its file system; raises
ForgatherError or OSError if the file system does not respond."""
WriteRemark = Callable[[Job, str], None]
"""Writes a line into a job's output."""


@dataclass(slots=True)
class Watched:
    """State of a job whose viewer runs."""

    pid: int
    places: dict[str, set[str]] = field(default_factory=dict)
    """Folders, and the names in them whose changes matter; an empty set means all of them."""
    is_missing: bool = False
    had_folder: bool = False
    """The folder has existed while the viewer ran."""
    is_unseen: bool = False
    """The folder is missing since before the viewer started."""
    checked_at: float = float("-inf")
    restarted_at: float = float("-inf")
    """Monotonic seconds, as `checked_at`."""


class ReplacedFolders:
    """Watches the folders of all running viewers, in one thread besides inotify's."""

    def __init__(self, scheduler: Scheduler, changes: EventBus, ask: Ask, write_remark: WriteRemark) -> None:
        self._scheduler = scheduler
        self._changes = changes
        self._ask = ask
        self._write_remark = write_remark
        self._condition = threading.Condition()
        # The jobs to check, and when (monotonic seconds).
        self._due: dict[str, float] = {}
        self._watched: dict[str, Watched] = {}
        self._closed = False

    @property
    def watched(self) -> Mapping[str, Watched]:
        """By job, to be read only."""
        return self._watched

    @contextmanager
    def open(self) -> Iterator[None]:
        """Active inside the `with`."""
        self._events = FolderEvents(self._folder_changed)
        thread = threading.Thread(target=self._work, name="replaced-folders", daemon=True)
        with self._changes.subscribed(self._job_changed):
            for job in self._scheduler.jobs():
                self._job_changed(job)
            thread.start()
            try:
                yield
            finally:
                with self._condition:
                    self._closed = True
                    self._condition.notify()
                self._events.close()

    def _job_changed(self, change: Event) -> None:
        """Called when a viewer has started, woken or ended. Must not block."""
        if not isinstance(change, Job):
            return
        pid = _pid(change)
        known = self._watched.get(change.queue_id)
        ready = isinstance(change.state, Running)
        if (pid is not None and ready and (known is None or known.pid != pid)) or (pid is None and known is not None):
            self._schedule(change.queue_id, time.monotonic())

    def _folder_changed(self, folder: str, name: str) -> None:
        now = time.monotonic()
        for queue_id, watched in list(self._watched.items()):
            if not folder or _matters(watched.places, folder, name):
                self._schedule(queue_id, max(now + _GATHER, watched.checked_at + _CHECK_PAUSE))

    def _schedule(self, queue_id: str, moment: float) -> None:
        with self._condition:
            self._due[queue_id] = min(moment, self._due.get(queue_id, moment))
            self._condition.notify()

    def _work(self) -> None:
        while (queue_id := self._next()) is not None:
            try:
                self._check(queue_id)
            except Exception:
                # One job's folders must not end the watch of the others'.
                log.exception("the folders of %s could not be compared", queue_id)

    def _next(self) -> str | None:
        """Wait for the next due job; None at the end."""
        with self._condition:
            while not self._closed:
                now = time.monotonic()
                queue_id, due = min(self._due.items(), key=lambda item: item[1], default=("", float("inf")))
                if due <= now:
                    del self._due[queue_id]
                    return queue_id
                self._condition.wait(None if not queue_id else due - now)
        return None

    def _check(self, queue_id: str) -> None:
        try:
            job = self._scheduler.job(queue_id)
            pid = _pid(job)
        except NotFound:
            pid = None
        if pid is None:
            if self._watched.pop(queue_id, None) is not None:
                self._listen()
            return
        watched = self._watched.setdefault(queue_id, Watched(pid))
        watched.had_folder = watched.had_folder and watched.pid == pid
        watched.pid, watched.checked_at = pid, time.monotonic()
        try:
            binds, seen = self._look(job, watched)
        except (ForgatherError, OSError) as why:
            # Without a response of the file system nothing is known, so nothing is restarted.
            log.info("the folders of %s could not be compared: %s", queue_id, why)
            return
        self._tell_missing(job, watched, seen)
        if not watched.is_missing and (seen.replaced or binds != job.submission.read_only_paths):
            self._restart(job, watched, seen.replaced, binds)

    def _look(self, job: Job, watched: Watched) -> tuple[tuple[str, ...], Comparison]:
        """The paths that the viewer must see besides its folder now, and the comparison of all of them.

        Again if other folders are watched since: links that changed before have sent no event.
        """
        while True:
            before = watched.places
            binds, link_folders = self._links(job)
            paths = (job.submission.options.folder, *job.submission.read_only_paths)
            seen = self._compare(watched, paths, link_folders)
            if watched.places == before:
                return binds, seen

    def _links(self, job: Job) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The paths that the viewer must see besides its folder now, and the folders with links."""
        known, options = job.submission.read_only_paths, job.submission.options
        if not isinstance(options, TensorBoardOptions):
            return known, ()
        try:
            facts: LogdirFacts = self._ask(options.logdir, inspect_logdir, options.logdir)
        except Refused:
            # The folder is missing or not accessible now.
            return known, (options.logdir,)
        # A link that is broken or was not followed is no reason to remove a path.
        new = set(facts.binds) - set(known)
        return (facts.binds if new else known), (options.logdir, *facts.link_folders)

    def _compare(self, watched: Watched, paths: Sequence[str], all_of: Sequence[str]) -> Comparison:
        """Compares at least twice: changes before the folders were watched have sent no event."""
        before: dict[str, set[str]] | None = None
        while True:
            seen: Comparison = self._ask(paths[0], compare, watched.pid, paths)
            places = {folder: set[str]() for folder in all_of}
            for folder, name in seen.places:
                if folder not in all_of:
                    places.setdefault(folder, set()).add(name)
            if places == before:
                return seen
            before = watched.places = places
            # Even for the same names: a folder on the path may have been replaced.
            self._listen(again=places)

    def _listen(self, again: Collection[str] = ()) -> None:
        folders = dict.fromkeys(folder for watched in self._watched.values() for folder in watched.places)
        if len(folders) > _MAX_FOLDERS:
            log.warning("viewers need watches on %d folders: some are not watched", len(folders))
        self._events.watch(list(folders)[:_MAX_FOLDERS], again)

    def _tell_missing(self, job: Job, watched: Watched, seen: Comparison) -> None:
        folder, noun = job.submission.options.folder, job.submission.kind.noun
        is_missing = folder in seen.missing
        watched.had_folder = watched.had_folder or not is_missing
        if is_missing == watched.is_missing:
            return
        watched.is_missing = is_missing
        if is_missing:
            watched.is_unseen = folder in seen.unseen and not watched.had_folder
            notice = (
                f"{folder} does not exist yet: {noun} shows its content as soon as it does"
                if watched.is_unseen
                else f"{folder} is gone: {noun} keeps showing its old content, and restarts when the folder is back"
            )
            remark = notice
        else:
            notice, remark = "", f"{folder} {'exists now' if watched.is_unseen else 'is back'}"
        self._scheduler.set_folder_notice(job.queue_id, notice)
        self._write_remark(job, remark)

    def _restart(self, job: Job, watched: Watched, replaced: Sequence[str], binds: tuple[str, ...]) -> None:
        again = watched.restarted_at + _RESTART_PAUSE
        if time.monotonic() < again:
            self._schedule(job.queue_id, again)
            return
        if self._scheduler.renew(job.queue_id, binds):
            watched.restarted_at = time.monotonic()
            new = [path for path in binds if path not in job.submission.read_only_paths]
            if replaced:
                what = f"{replaced[0]} {'has appeared' if watched.is_unseen else 'was replaced'}"
            else:
                what = f"a link now leads to {new[0]}"
            watched.is_unseen = False
            self._write_remark(job, f"{what}: {job.submission.kind.noun} is restarted to show it")


def _pid(job: Job) -> int | None:
    return job.state.pid if isinstance(job.state, Starting | Running) else None


def _matters(places: Mapping[str, set[str]], folder: str, name: str) -> bool:
    names = places.get(folder)
    return names is not None and (not name or not names or name in names)
