"""The server's handle of a helper process."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Unavailable
from forgather_units.files.task import Entering, Outcome, Ready, Task

Message = Ready | Entering | Outcome

_START_LIMIT: Final = 30.0


def is_runnable(pid: int) -> bool:
    """Whether the process uses the CPU, or would if the machine were less busy (state R)."""
    try:
        # The process name before it may contain any character.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return False
    return fields[:1] == [b"R"]


class HelperEnded(Exception):
    """The process has ended: the kernel killed it for exceeding a limit, or another process did."""


class HelperProcess:
    """Ready when constructed; for one thread at a time. Raises Unavailable if no process can be started."""

    def __init__(self, modules: Sequence[str] = ()) -> None:
        """`modules` are imported beforehand: the first look-up does not wait for them."""
        ours, theirs = Pipe()
        self._connection: Connection[Any, Any] = ours
        self._closing = threading.Lock()
        self.last_path = ""
        """The path of its last task: functions may cache what they have read."""
        try:
            self._process = subprocess.Popen(
                # -P: no module is taken from the current folder. That is / for it does not keep a mount busy.
                [sys.executable, "-P", "-m", "forgather_units.files.helper", str(theirs.fileno()), *modules],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )
        except OSError as why:
            ours.close()
            raise Unavailable(f"cannot start a process to read files: {why.strerror}") from None
        finally:
            theirs.close()
        try:
            self.receive(time.monotonic() + _START_LIMIT)
        except HelperEnded:
            self.end()
            raise Unavailable("the process that reads files ended during its start") from None

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, message: Task | bool) -> None:
        """Raises HelperEnded."""
        try:
            self._connection.send(message)
        except OSError:
            raise HelperEnded from None

    def receive(self, deadline: float | None = None) -> Message | None:
        """Its next message; None where there is none by `deadline` (monotonic). Raises HelperEnded."""
        try:
            if deadline is not None and not self._connection.poll(max(0.0, deadline - time.monotonic())):
                return None
            message: Message = self._connection.recv()
            return message
        except (EOFError, OSError, TypeError):
            # TypeError: the server closed the connection while this thread waited at it.
            raise HelperEnded from None

    @property
    def is_running(self) -> bool:
        """Whether it is runnable, and not waiting for a file system."""
        return is_runnable(self.pid)

    def _close(self) -> None:
        """Once, although the server's end and the thread that waits for the helper may both call it."""
        with self._closing:
            self._connection.close()

    def end(self) -> None:
        """Kill a helper that does not hang, and wait for its end."""
        self._close()
        self._process.kill()
        self._process.wait()

    def leave(self) -> None:
        """Kill a helper that may hang, without waiting for its end."""
        self._close()
        self._process.kill()
