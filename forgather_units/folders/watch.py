"""inotify on folder trees, by watchdog: calls a function after changes.

It only reports that something changed; callers compare mtimes. So nothing depends on an event that is lost, on a
network file system that sends none, or on a tree that is too large to watch.
"""

from __future__ import annotations

import errno
import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath
from typing import Any, Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from forgather_units.domain.errors import Unavailable
from forgather_units.files import mount_walk
from forgather_units.files.lookups import Ask, directly

log = logging.getLogger(__name__)

_KINDS: Final = frozenset({"created", "deleted", "moved", "modified", "closed"})
# A folder's own "modified" says no more than the events of what lies in it.
_KINDS_OF_FOLDERS: Final = frozenset({"created", "deleted", "moved"})
# Seconds. An editor's save is several events, a checkout hundreds.
_GATHER: Final = 0.2
# Limits of the user or of the process that are reached, and may not be a while later.
_EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOSPC, errno.ENOMEM})
_RETRY: Final = 60.0
# The limit applies to all programs of the user; editors need watches too.
_SHARE: Final = 4
_MOST_FOLDERS: Final = 20_000
_MOST_AT_WORK: Final = 4
# Seconds for the walk through a tree; it holds up no request.
_PATIENCE: Final = 20.0
_PARTING: Final = 5.0
_LIMIT: Final = Path("/proc/sys/fs/inotify/max_user_watches")


Matters = Callable[[str, bool], bool]
"""Whether a change of a path is one; its second argument says whether it is a folder."""


class Watch:
    """Calls `changed`, from a thread of its own, soon after something that `matters` has come, gone or changed."""

    def __init__(
        self,
        changed: Callable[[], None],
        matters: Matters,
        gather: float = _GATHER,
        ask: Ask = directly,
        *,
        retry: float = _RETRY,
    ) -> None:
        self._changed = changed
        self._ask = ask
        self._matters = matters
        self._gather = gather
        self._retry = retry
        self._lock = threading.Lock()
        self._observer: Any = None
        self._timer: threading.Timer | None = None
        self._stopped = False
        self._asked = 0
        self._done: tuple[int, frozenset[str]] = (-1, frozenset())
        self._at_work = 0

    def on(self, roots: Iterable[str]) -> None:
        """Watch `roots` from now on, and nothing else. Returns at once: a large tree takes its time."""
        with self._lock:
            self._asked += 1
            if self._at_work >= _MOST_AT_WORK:
                # inotify_add_watch(2) does not return on a mount that has died since its last check.
                log.warning("folders are not watched: a file system does not answer; changes show at the next search")
                return
            self._at_work += 1
            work = (self._asked, list(roots))
        threading.Thread(target=self._work, args=work, daemon=True, name="watch-folders").start()

    @property
    def watched(self) -> frozenset[str] | None:
        """The real paths of the watched roots; None until those of the last call of `on` are."""
        with self._lock:
            number, roots = self._done
            return roots if number == self._asked else None

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            observer, self._observer = self._observer, None
            if self._timer is not None:
                self._timer.cancel()
        _end(observer)

    def _work(self, number: int, roots: list[str]) -> None:
        try:
            self._replace(number, _outermost(filter(None, map(self._watchable, roots))), True)
        finally:
            with self._lock:
                self._at_work -= 1

    def _watchable(self, root: str) -> str | None:
        """Its real path; None if it cannot be watched, which is logged."""
        most = min(_MOST_FOLDERS, _user_watches() // _SHARE)
        try:
            real, fits = self._ask(root, _look_at_tree, root, most, limit=_PATIENCE)
        except (Unavailable, OSError) as why:
            log.warning("%s is not watched: %s", root, why)
            return None
        if not fits:
            log.warning("%s holds too many folders to be watched: changes in it show at the next search", root)
            return None
        return real

    def _replace(self, number: int, roots: list[str], is_first: bool) -> None:
        """Watch these roots, unless newer ones were requested, and retry later if inotify is exhausted."""
        with self._lock:
            if self._stopped or number != self._asked:
                return
        observer, faults = self._watched(roots)
        if is_first:
            for root, why in faults.items():
                log.warning("%s is not watched: %s; changes in it show later", root, why.strerror or why)
        with self._lock:
            # on() or stop() may have been called in the meantime.
            if self._stopped or number != self._asked:
                unwanted = observer
            else:
                unwanted, self._observer = self._observer, observer
                self._done = (number, frozenset(roots) - faults.keys())
        _end(unwanted)
        if any(why.errno in _EXHAUSTED for why in faults.values()):
            # No event reports that another program released watches.
            timer = threading.Timer(self._retry, self._replace, (number, roots, False))
            timer.daemon = True
            timer.start()
        elif not is_first:
            # Changes in the meantime were not reported.
            self._look_again()

    def _watched(self, roots: list[str]) -> tuple[Any, dict[str, OSError]]:
        """An observer of `roots` (None: there is none), and why some of them are not watched."""
        try:
            # watchdog 7 takes its inotify instance here, older versions one for each root.
            observer: Any = Observer()
        except OSError as why:
            return None, dict.fromkeys(roots, why)
        observer.start()
        handler = _Handler(self._look_again, self._matters)
        faults: dict[str, OSError] = {}
        for root in roots:
            try:
                observer.schedule(handler, root, recursive=True)
            except OSError as why:
                faults[root] = why
        return observer, faults

    def _look_again(self) -> None:
        with self._lock:
            if self._stopped or (self._timer is not None and self._timer.is_alive()):
                return
            self._timer = threading.Timer(self._gather, self._changed)
            self._timer.daemon = True
            self._timer.start()


class _Handler(FileSystemEventHandler):
    def __init__(self, look_again: Callable[[], None], matters: Matters) -> None:
        self._look_again = look_again
        self._matters = matters

    def on_any_event(self, event: FileSystemEvent) -> None:
        # Read events arrive too, including those of this server.
        is_folder = event.is_directory
        if event.event_type not in (_KINDS_OF_FOLDERS if is_folder else _KINDS):
            return
        paths = [event.src_path, *([event.dest_path] if event.event_type == "moved" else [])]
        if any(self._matters(os.fsdecode(path), is_folder) for path in paths):
            self._look_again()


def _look_at_tree(root: str, most_folders: int) -> tuple[str, bool]:
    """Its real path, and whether it has at most `most_folders` folders: each needs a watch. Raises OSError."""
    real = os.path.realpath(root)
    for number, (folder, below, _) in enumerate(os.walk(real)):
        if number >= most_folders:
            return real, False
        for name in below:
            mount_walk.cross(f"{folder}/{name}")
    return real, True


def _user_watches() -> int:
    try:
        return int(_LIMIT.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 8192


def _outermost(roots: Iterable[str]) -> list[str]:
    """The roots that are not below another root."""
    kept: list[str] = []
    for root in sorted(roots):
        if not any(PurePath(root).is_relative_to(other) for other in kept):
            kept.append(root)
    return kept


def _end(observer: Any) -> None:
    """Stop it and wait for its end, for some seconds."""
    if observer is None:
        return

    def stop() -> None:
        observer.stop()
        observer.join()

    # A thread of the observer may hang in a file system that does not answer, while it holds the lock that `stop`
    # needs.
    stopping = threading.Thread(target=stop, name="end-watch", daemon=True)
    stopping.start()
    stopping.join(_PARTING)
