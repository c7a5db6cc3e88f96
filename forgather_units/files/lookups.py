"""Accesses users' files in helper processes, so that the server does not hang when a file system does.

A thread that accesses a dead mount (an NFS server that is down) never returns, and neither does a process, not even
by SIGKILL on a FUSE file system. So a helper process does each look-up, and the server abandons it after a time limit.
At most two run in one file system; while two hang there, a third fails at once. The late reply of an
abandoned helper signals that the file system responds again.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final, Protocol, TypeVar

from forgather_units.domain.errors import Unavailable
from forgather_units.files.helper_process import HelperEnded, HelperProcess
from forgather_units.files.mounts import Mount, Mounts
from forgather_units.files.slots import DoesNotAnswer, Slots
from forgather_units.files.task import Entering, Failed, Outcome, Raised, Ready, Returned, Task, Turned

log = logging.getLogger(__name__)

LIMIT: Final = 2.0
"""Seconds until a look-up is abandoned."""
_MOST_HELPERS: Final = 12
_KEPT_IDLE: Final = 3
# Idle helpers to keep ready: two look-ups may hang in one file system before that is known, and a new helper must
# import its modules first.
_SPARE: Final = 2
# Seconds that a request waits for a busy helper before another one is started; starting one takes longer.
_WORTH_ANOTHER: Final = 0.03
_MOST_STARTING: Final = 2
# Seconds to wait if all helpers are busy.
HELPER_LIMIT: Final = 4.0
# Seconds beyond that while a helper is being started: a busy machine may need that long.
_STARTING_LIMIT: Final = 16.0
_AFTER_FAILURE: Final = 0.5
# Seconds beyond the limit for a helper that is using the CPU, and the interval to check that.
_BUSY: Final = 8.0
_AGAIN: Final = 0.2
_MOST_STUCK: Final = 64
_MOST_KNOWN: Final = 1000
_CPU_SHARE: Final = 0.8
"""Share of the limit allowed as CPU time: ends endless computations."""

Answer = TypeVar("Answer")


class Ask(Protocol):
    """Calls a function that accesses `path`: `Lookups.ask`, or `directly`."""

    def __call__(
        self, path: str, function: Callable[..., Answer], /, *args: object, limit: float = LIMIT
    ) -> Answer: ...


def directly(path: str, function: Callable[..., Answer], /, *args: object, limit: float = LIMIT) -> Answer:
    """Call it in this process: the command line may hang with the file system."""
    return function(*args)


class Lookups:
    """A pool of helper processes. Thread-safe."""

    def __init__(self, modules: Sequence[str] = ()) -> None:
        """`modules` hold the functions that will be asked for: helpers import them before they are ready."""
        self._modules = modules
        self._slots = Slots()
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._idle: list[HelperProcess] = []
        self._busy: set[HelperProcess] = set()
        self._abandoned: set[HelperProcess] = set()
        # File systems of earlier paths: the next look-up takes the file system's slot before a helper.
        self._mounts: OrderedDict[str, Mount] = OrderedDict()
        self._listeners: list[Callable[[], None]] = []
        self._starting = 0
        self._closed = False
        with self._lock:
            self._start_spares()

    def ask(self, path: str, function: Callable[..., Answer], /, *args: object, limit: float = LIMIT) -> Answer:
        """`function(*args)`, called in a helper after its walk to `path`, within `limit` seconds.

        (Half as long again, where it had to wait for others.)

        `function` must be one of a module, its arguments and result picklable. Raises what it raises (a
        ForgatherError, an OSError), DoesNotAnswer, and Unavailable where it needs too much.
        """
        deadline = time.monotonic() + limit
        task = Task(path, function, args, limit * _CPU_SHARE)
        while True:
            key, where = self._slot_of(path)
            self._slots.take(key, where, deadline)
            try:
                helper = self._take_helper(path, max(deadline, time.monotonic() + HELPER_LIMIT))
            except Unavailable:
                self._slots.give_back(key)
                raise
            # After waiting, at least half of the time remains: otherwise a crowd would look like a dead mount.
            outcome = self._run(helper, task, key, max(deadline, time.monotonic() + limit / 2))
            match outcome:
                case Returned(value=value):
                    result: Answer = value
                    return result
                case Raised(error=error):
                    raise error
                case Failed(trace=trace):
                    raise RuntimeError(f"a look-up failed: {trace}")
                case Turned():
                    continue

    def when_back(self, listener: Callable[[], None]) -> None:
        """Have `listener` called, in a separate thread, after an abandoned look-up has returned."""
        self._listeners.append(listener)

    def stuck(self) -> dict[str, int]:
        """By mount point (for a local disk: by path), how many abandoned look-ups have not returned."""
        return self._slots.stuck()

    def close(self) -> None:
        """End the helpers. Does not wait for those that hang."""
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            left = self._busy | self._abandoned
        for helper in idle:
            helper.end()
        for helper in left:
            helper.leave()

    def _slot_of(self, path: str) -> tuple[str, str]:
        """Key and name of the slot: the known file system of the path, else the one of its text in the mount table."""
        mount = self._mounts.get(path)
        if mount is None and path.startswith("/"):
            mount = Mounts.now().of(os.path.normpath(path))
        return (path, path) if mount is None or mount.is_local else (mount.device, mount.point)

    def _run(self, helper: HelperProcess, task: Task, key: str, deadline: float) -> Outcome:
        """Run the task; gives back the slot and the helper."""
        latest = deadline + _BUSY
        try:
            helper.send(task)
            while True:
                match helper.receive(deadline):
                    case None:
                        now = time.monotonic()
                        if not helper.is_running or now > latest:
                            raise self._abandon(helper, key)
                        # The machine is slow, not the file system.
                        deadline = now + _AGAIN
                    case Entering(mount=mount, on_the_way=on_the_way):
                        if on_the_way:
                            self._remember(task.path, mount)
                        until = 0.0 if on_the_way else deadline
                        may_enter = mount.device == key or self._slots.move(key, mount.device, mount.point, until)
                        key = mount.device if may_enter else key
                        helper.send(may_enter)
                    case Ready():
                        pass
                    case outcome:
                        self._slots.give_back(key)
                        self._put_back(helper)
                        return outcome
        except HelperEnded:
            self._slots.give_back(key)
            self._discard(helper)
            raise Unavailable(f"{task.path} cannot be accessed: that exceeds the time or memory limit") from None

    def _abandon(self, helper: HelperProcess, key: str) -> DoesNotAnswer:
        where = self._slots.stick(key)
        with self._lock:
            self._busy.discard(helper)
            self._abandoned.add(helper)
            self._changed.notify()
        log.warning("the file system at %s does not respond: process %d still waits for it", where, helper.pid)
        threading.Thread(target=self._await, args=(helper, key, where), name="abandoned", daemon=True).start()
        return DoesNotAnswer(where)

    def _await(self, helper: HelperProcess, key: str, where: str) -> None:
        """Wait until an abandoned helper returns: at most two of these threads for a file system."""
        came_back = True
        try:
            while isinstance(helper.receive(), Entering):
                helper.send(False)
        except HelperEnded:
            came_back = False
        self._slots.give_back(key, stuck=True)
        with self._lock:
            self._abandoned.discard(helper)
            if self._closed:
                return
            self._busy.add(helper)
        if came_back:
            log.info("the file system at %s responds again", where)
            self._put_back(helper)
            for listener in self._listeners:
                listener()
        else:
            self._discard(helper)

    def _take_helper(self, path: str, deadline: float) -> HelperProcess:
        """An idle helper, preferably the one with the last look-up in `path`. Raises Unavailable."""
        patience = time.monotonic() + _WORTH_ANOTHER
        with self._lock:
            while not self._idle:
                now = time.monotonic()
                latest = deadline + _STARTING_LIMIT if self._starting else deadline
                if now > latest or len(self._abandoned) >= _MOST_STUCK:
                    raise Unavailable("too many look-ups in folders are under way", hint="try again in a moment")
                self._start_another(_MOST_HELPERS if now > patience else _KEPT_IDLE)
                self._changed.wait(_WORTH_ANOTHER)
            helper = next((each for each in self._idle if each.last_path == path), self._idle[-1])
            self._idle.remove(helper)
            self._busy.add(helper)
            self._start_spares()
        helper.last_path = path
        return helper

    def _start_spares(self) -> None:
        """Under the lock."""
        for _ in range(len(self._idle) + self._starting, _SPARE):
            self._start_another(_MOST_HELPERS)

    def _start_another(self, most: int) -> None:
        """In the background, where there are fewer than `most`. Under the lock."""
        if len(self._busy) + self._starting < most and self._starting < _MOST_STARTING and not self._closed:
            self._starting += 1
            threading.Thread(target=self._start_helper, name="start-helper", daemon=True).start()

    def _start_helper(self) -> None:
        helper = None
        try:
            helper = HelperProcess(self._modules)
        except Unavailable as why:
            log.error("%s", why.message)
            # Waiting requests retry until their deadline: limit the rate.
            time.sleep(_AFTER_FAILURE)
        with self._lock:
            self._starting -= 1
            if helper is not None:
                self._busy.add(helper)
        if helper is not None:
            self._put_back(helper)

    def _put_back(self, helper: HelperProcess) -> None:
        with self._lock:
            self._busy.discard(helper)
            keep = len(self._idle) < _KEPT_IDLE and not self._closed
            if keep:
                self._idle.append(helper)
            self._changed.notify()
        if not keep:
            helper.end()

    def _discard(self, helper: HelperProcess) -> None:
        with self._lock:
            self._busy.discard(helper)
            self._changed.notify()
        helper.end()

    def _remember(self, path: str, mount: Mount) -> None:
        with self._lock:
            self._mounts[path] = mount
            self._mounts.move_to_end(path)
            while len(self._mounts) > _MOST_KNOWN:
                self._mounts.popitem(last=False)
