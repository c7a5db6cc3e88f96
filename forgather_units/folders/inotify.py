"""inotify(7) on single folders: reports created, deleted and renamed entries.

watchdog, which watch.py uses for whole trees, needs an inotify instance and two threads for each folder, and receives
every write; here one instance serves hundreds of folders, and receives only changes of their entries.
"""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import select
import struct
import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Final

log = logging.getLogger(__name__)

_CREATE: Final = 0x100
_DELETE: Final = 0x200
_MOVED: Final = 0x40 | 0x80
_DELETE_SELF: Final = 0x400
_MOVE_SELF: Final = 0x800
_UNMOUNT: Final = 0x2000
_OVERFLOW: Final = 0x4000
_IGNORED: Final = 0x8000
_ONLYDIR: Final = 0x1000000
_MASK: Final = _CREATE | _DELETE | _MOVED | _DELETE_SELF | _MOVE_SELF | _ONLYDIR
_SELF: Final = _DELETE_SELF | _MOVE_SELF | _UNMOUNT
_HEAD: Final = struct.Struct("iIII")
_BUFFER: Final = 65_536
# Seconds. inotify_add_watch(2) looks the path up, and does not return on a mount that has died.
PATIENCE: Final = 2.0
_MOST_HANGING: Final = 4

Changed = Callable[[str, str], None]
"""Called with a folder and the name of an entry of it; with an empty name for the folder itself, and with two empty
texts where events were lost."""


class _Work:
    """Some folders to watch, for a thread that may hang."""

    def __init__(self, folders: Sequence[str]) -> None:
        self.folders = folders
        self.watches: dict[str, int] = {}
        """By folder, its watch; -1 where it cannot be watched. Those that are missing were not touched."""
        self.is_abandoned = False
        self.ended = threading.Event()


class FolderEvents:
    """Calls `changed` from a thread of its own.

    Check first, elsewhere, whether the file system of a folder answers. If it has died since, a thread is abandoned
    after 2 s, four at most.
    """

    def __init__(self, changed: Changed) -> None:
        self._changed = changed
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._lock = threading.Lock()
        # Several paths may lead to one folder, which then has one watch.
        self._folders: dict[int, list[str]] = {}
        self._touched: set[str] = set()
        """Of the folders of the last call, those that are watched or cannot be."""
        self._hanging = 0
        self._told = False
        self._inotify = self._libc.inotify_init1(os.O_CLOEXEC | os.O_NONBLOCK)
        if self._inotify < 0:
            self._exhausted(ctypes.get_errno())
            return
        self._stop, self._stopping = os.pipe2(os.O_CLOEXEC)
        self._thread = threading.Thread(target=self._read, name="folder-events", daemon=True)
        self._thread.start()

    def watch(self, folders: Iterable[str], again: Collection[str] = ()) -> None:
        """Watch these and no others.

        Does not touch folders of the call before, watched or not, since their file system may no longer answer, except
        those in `again`: if another folder has replaced one of them, that one is watched.
        """
        if self._inotify < 0:
            return
        with self._lock:
            known = {folder: watch for watch, same in self._folders.items() for folder in same}
        folders = list(folders)
        touched = self._touch([folder for folder in folders if folder in again or folder not in self._touched])
        found = dict[int, list[str]]()
        for folder in folders:
            if (watch := touched.get(folder, known.get(folder, -1))) >= 0:
                found.setdefault(watch, []).append(folder)
        self._touched.intersection_update(folders)
        with self._lock:
            before, self._folders = self._folders, found
        for watch in before.keys() - found.keys():
            # One whose folder is gone is gone already.
            self._libc.inotify_rm_watch(self._inotify, watch)

    def _touch(self, folders: Sequence[str]) -> dict[str, int]:
        """As `_Work.watches`, after 2 s at most."""
        if not folders or self._hanging >= _MOST_HANGING:
            return {}
        work = _Work(folders)
        threading.Thread(target=self._add, args=(work,), name="add-watches", daemon=True).start()
        work.ended.wait(PATIENCE)
        with self._lock:
            if not work.ended.is_set():
                work.is_abandoned = True
                self._hanging += 1
                log.warning("folders are not watched: a file system does not answer")
            self._touched.update(folders if work.is_abandoned else work.watches)
            return dict(work.watches)

    def _add(self, work: _Work) -> None:
        for folder in work.folders:
            watch = self._libc.inotify_add_watch(self._inotify, os.fsencode(folder), _MASK)
            number = ctypes.get_errno()
            with self._lock:
                if work.is_abandoned:
                    self._hanging -= 1
                    if watch >= 0 and watch not in self._folders:
                        self._libc.inotify_rm_watch(self._inotify, watch)
                    return
                if watch < 0 and number in (errno.ENOSPC, errno.ENOMEM):
                    self._exhausted(number)
                    break
                work.watches[folder] = watch
        work.ended.set()

    def close(self) -> None:
        if self._inotify < 0:
            return
        os.close(self._stopping)
        self._thread.join()
        os.close(self._stop)
        os.close(self._inotify)
        self._inotify = -1

    def _read(self) -> None:
        poll = select.poll()
        poll.register(self._inotify, select.POLLIN)
        poll.register(self._stop, select.POLLHUP)
        while True:
            if any(descriptor == self._stop for descriptor, _ in poll.poll()):
                return
            try:
                events = os.read(self._inotify, _BUFFER)
            except BlockingIOError:
                continue
            self._tell(events)

    def _tell(self, events: bytes) -> None:
        at = 0
        while at < len(events):
            watch, mask, _, size = _HEAD.unpack_from(events, at)
            name = os.fsdecode(events[at + _HEAD.size : at + _HEAD.size + size].rstrip(b"\0"))
            at += _HEAD.size + size
            with self._lock:
                folders = self._folders.get(watch, [])
                if mask & _IGNORED:
                    self._folders.pop(watch, None)
            if mask & _OVERFLOW:
                self._changed("", "")
            elif not mask & _IGNORED:
                for folder in folders:
                    self._changed(folder, "" if mask & _SELF else name)

    def _exhausted(self, number: int) -> None:
        if not self._told:
            self._told = True
            log.warning(
                "inotify: %s (see /proc/sys/fs/inotify/): a folder that is replaced while a viewer shows it may be"
                " noticed late",
                os.strerror(number),
            )
