"""`python -m forgather_units.files.helper N MODULE ...`: does the server's look-ups, one at a time, asked by socket N.

A system call on a dead mount never returns, and no signal may end it: the server abandons such a process, and starts
another one.
"""

from __future__ import annotations

import errno
import importlib
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Sequence
from multiprocessing.connection import Connection
from typing import Any, Final

from forgather_units.domain.errors import ForgatherError, Refused
from forgather_units.files import mount_walk
from forgather_units.files.mounts import Mount
from forgather_units.files.task import Entering, Failed, Outcome, Raised, Ready, Returned, Task, Turned

_MEMORY: Final = 1 << 30
_SILENT: Final = "the file system does not answer"


class _TurnedAway(Exception):
    """The server refuses to enter a mount on the path."""


class _Gate:
    """Asks the server before each file system that may not answer, once in a row for the same one."""

    def __init__(self, server: Connection[Any, Any]) -> None:
        self._server = server
        self._inside = ""
        self._on_the_way = True

    def begin(self) -> None:
        """The walk to a task's path."""
        self._inside, self._on_the_way = "", True

    def arrived(self) -> None:
        """The function begins."""
        self._on_the_way = False

    def enter(self, mount: Mount) -> None:
        if mount.device == self._inside:
            return
        self._server.send(Entering(mount, self._on_the_way))
        if not self._server.recv():
            raise _TurnedAway if self._on_the_way else TimeoutError(errno.ETIMEDOUT, _SILENT)
        self._inside = mount.device


def main(descriptor: int, modules: Sequence[str] = ()) -> None:
    # The server handles Ctrl-C, and closes the socket when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    server: Connection[Any, Any] = Connection(descriptor)
    gate = _Gate(server)
    mount_walk.announce_to(gate.enter)
    for module in modules:
        importlib.import_module(module)
    server.send(Ready())
    while True:
        try:
            message = server.recv_bytes()
            answer = _answer(message, gate)
            signal.setitimer(signal.ITIMER_PROF, 0)
            server.send_bytes(answer)
        except (EOFError, OSError):
            return


def _answer(message: bytes, gate: _Gate) -> bytes:
    """Both pickled."""
    try:
        return pickle.dumps(_outcome(pickle.loads(message), gate))  # noqa: S301 - from the server that started us
    except Exception:
        # A missing module, or a result that cannot be pickled.
        return pickle.dumps(Failed(traceback.format_exc()))


def _outcome(task: Task, gate: _Gate) -> Outcome:
    # SIGPROF ends a process that does not handle it.
    signal.setitimer(signal.ITIMER_PROF, task.cpu_seconds)
    try:
        gate.begin()
        mount_walk.enter(task.path)
        gate.arrived()
        return Returned(task.function(*task.args))
    except _TurnedAway:
        return Turned()
    except (ForgatherError, OSError) as why:
        return Raised(why)
    except MemoryError:
        return Raised(Refused(f"{task.path} cannot be accessed: that exceeds the memory limit"))
    except Exception:
        return Failed(traceback.format_exc())


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
