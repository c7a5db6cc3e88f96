"""Client of the renderer process: sends requests, and kills a process that does not reply."""

from __future__ import annotations

import json
import logging
import os
import selectors
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from forgather_units.domain.errors import Unavailable
from forgather_units.projects.outcome import Outcome, Request, Stamp

log = logging.getLogger(__name__)

# The worker limits itself to a second of CPU; this limit is for code that ignores it.
PATIENCE: Final = 1.8
# A machine that gave it less CPU (seconds) than this in that time is busy, and the config is not to blame yet.
FAIR_SHARE: Final = 0.4
_LONGER: Final = 6.0
_START_PATIENCE: Final = 30.0
_BETWEEN_PIECES: Final = 0.5
# Seconds for a killed process to end.
_PARTING: Final = 1.0
_LARGEST_ANSWER: Final = 8 * 1024 * 1024
# What it needs to find Python's modules and the user's folders; no tokens, no keys.
_ENVIRONMENT: Final = ("HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "PYTHONPATH", "PYTHONUSERBASE", "TZ", "USER")
_ENVIRONMENT_PREFIX: Final = "XDG_"


class _Silent(Exception):
    """No complete reply: the process ended, or the time limit passed."""


class Isolated:
    """A renderer in a separate process, started at the first request. Not thread-safe."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, why: BaseException | None, at: TracebackType | None) -> None:
        self._end()

    @property
    def pid(self) -> int | None:
        """Of the renderer's process; None while there is none."""
        return self._process.pid if self._process is not None else None

    def answer(self, request: Request) -> Outcome:
        """The outcome of `request`, within 2 s. Raises Unavailable if no process can be started."""
        process = self._process or self._start()
        try:
            assert process.stdin is not None
            process.stdin.write(json.dumps(asdict(request)).encode() + b"\n")
            process.stdin.flush()
            _await_answer(process, time.monotonic())
            return _outcome(json.loads(_line(process, time.monotonic() + _BETWEEN_PIECES)))
        except (_Silent, OSError, ValueError):
            ended = process.poll() is not None
            self._end()
            what = "ends the process that renders it" if ended else "takes more time than a config may take"
            return Outcome({}, {}, f"{request.template}: {what}", lasting=False)

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name in _ENVIRONMENT or name.startswith(_ENVIRONMENT_PREFIX)
        }
        try:
            process = self._process = subprocess.Popen(
                # -P: no module is taken from the current folder.
                [sys.executable, "-P", "-m", "forgather_units.projects.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                close_fds=True,
            )
            _line(process, time.monotonic() + _START_PATIENCE)
        except (OSError, _Silent):
            self._end()
            raise Unavailable("configs cannot be read: the process that renders them does not start") from None
        return process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            try:
                pipe.close()
            except OSError:
                continue
        try:
            process.wait(_PARTING)
        except subprocess.TimeoutExpired:
            # It reads a template in a file system that does not answer: even SIGKILL waits for that.
            log.warning("process %d does not end: a file system does not answer", process.pid)


def _await_answer(process: subprocess.Popen[bytes], started: float) -> None:
    """Wait for its first output. Raises _Silent at the time limit."""
    used = _cpu_seconds(process)
    if _speaks(process, started + PATIENCE):
        return
    if _cpu_seconds(process) - used > FAIR_SHARE or not _speaks(process, started + _LONGER):
        raise _Silent


def _speaks(process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Whether it has begun to answer, or has ended, by `deadline`."""
    assert process.stdout is not None
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        return bool(selector.select(max(0.0, deadline - time.monotonic())))


def _cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    try:
        # The name in it may hold anything, brackets too; behind the last one the fields are numbers.
        fields = Path(f"/proc/{process.pid}/stat").read_bytes().rpartition(b")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):
        return 0.0


def _line(process: subprocess.Popen[bytes], deadline: float) -> bytes:
    """Its next line. Raises _Silent."""
    assert process.stdout is not None
    received = b""
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while not received.endswith(b"\n"):
            if not selector.select(max(0.0, deadline - time.monotonic())):
                raise _Silent
            piece = os.read(process.stdout.fileno(), 65536)
            received += piece
            if not piece or len(received) > _LARGEST_ANSWER:
                raise _Silent
    return received


def _outcome(said: Mapping[str, Any]) -> Outcome:
    files = {str(path): Stamp(**stamp) if stamp else None for path, stamp in said["files"].items()}
    return Outcome(said["values"], files, said["error"], said["lasting"])
