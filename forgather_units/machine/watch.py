"""inotify on folders, by watchdog: whoever listens hears that there is something new, and asks then.

It only says *look again*. What is true is told by the mtimes, so that nothing depends on an event that is lost, on a
network file system that sends none, or on a tree that is too large to watch.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path, PurePath
from typing import Any, Final

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

log = logging.getLogger(__name__)

_KINDS: Final = frozenset({"created", "deleted", "moved", "modified", "closed"})
# A folder's own "modified" says no more than the events of what lies in it.
_KINDS_OF_FOLDERS: Final = frozenset({"created", "deleted", "moved"})
# Seconds. An editor's save is several events, a checkout hundreds.
_GATHER: Final = 0.2
# Watches are the user's, not ours alone: editors need them too.
_SHARE: Final = 4
_MOST_FOLDERS: Final = 20_000
_LIMIT: Final = Path("/proc/sys/fs/inotify/max_user_watches")


Matters = Callable[[str, bool], bool]
"""Whether a change of a path is one; its second argument says whether it is a folder."""


class Watch:
    """Calls `changed`, from a thread of its own, soon after something that `matters` has come, gone or changed."""

    def __init__(self, changed: Callable[[], None], matters: Matters, gather: float = _GATHER) -> None:
        self._changed = changed
        self._matters = matters
        self._gather = gather
        self._lock = threading.Lock()
        self._observer: Any = None
        self._timer: threading.Timer | None = None
        self._stopped = False
        self._asked = 0

    def on(self, roots: Iterable[str]) -> None:
        """Watch `roots` from now on, and nothing else. Returns at once: a large tree takes its time."""
        with self._lock:
            self._asked += 1
            work = (self._asked, _outermost(roots))
        threading.Thread(target=self._replace, args=work, daemon=True, name="watch-folders").start()

    def stop(self) -> None:
        with self._lock:
            self._stopped = True
            observer, self._observer = self._observer, None
            if self._timer is not None:
                self._timer.cancel()
        _end(observer)

    def _replace(self, number: int, roots: list[str]) -> None:
        observer: Any = Observer()
        observer.start()
        handler = _Handler(self._look_again, self._matters)
        for root in roots:
            if not _fits(root):
                log.warning("%s holds too many folders to be watched: changes in it show at the next look", root)
                continue
            try:
                observer.schedule(handler, root, recursive=True)
            except OSError as why:
                log.warning("%s is not watched: %s", root, why.strerror or why)
        with self._lock:
            # Somebody may have asked for other roots in the meantime, or for none.
            if self._stopped or number != self._asked:
                unwanted = observer
            else:
                unwanted, self._observer = self._observer, observer
        _end(unwanted)

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
        # Events of reading come too, and ours are among them.
        is_folder = event.is_directory
        if event.event_type not in (_KINDS_OF_FOLDERS if is_folder else _KINDS):
            return
        paths = [event.src_path, *([event.dest_path] if event.event_type == "moved" else [])]
        if any(self._matters(os.fsdecode(path), is_folder) for path in paths):
            self._look_again()


def _fits(root: str) -> bool:
    """Whether its folders, all of them, are few enough for recursive watches."""
    most = min(_MOST_FOLDERS, _user_watches() // _SHARE)
    return all(number < most for number, _ in enumerate(os.walk(root)))


def _user_watches() -> int:
    try:
        return int(_LIMIT.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 8192


def _outermost(roots: Iterable[str]) -> list[str]:
    """Those that lie in no other one."""
    kept: list[str] = []
    for root in sorted(map(os.path.realpath, roots)):
        if not any(PurePath(root).is_relative_to(other) for other in kept):
            kept.append(root)
    return kept


def _end(observer: Any) -> None:
    if observer is not None:
        observer.stop()
        observer.join()
