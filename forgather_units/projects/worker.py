"""`python -m forgather_units.projects.worker`: renders templates in a restricted process.

A line of JSON in, a line of JSON out. Jinja2's sandbox keeps templates from attributes and calls that are not theirs;
should one get out of it all the same, it finds itself in a process that may start none, write no file, open no socket
and use only so much memory and time. Its parent ends it when it does not answer in time.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from dataclasses import asdict
from types import FrameType
from typing import Any, Final

from forgather_units.projects.outcome import Outcome, Request
from forgather_units.projects.rendering import OutOfTime, Renderer

READY: Final = b"ready\n"

_SECONDS: Final = 1.0
"""CPU time for one config: wall time would blame the config for a busy machine."""
_MEMORY: Final = 768 * 1024 * 1024
_LIMITS: Final = (
    (resource.RLIMIT_AS, _MEMORY),
    (resource.RLIMIT_CORE, 0),
    (resource.RLIMIT_FSIZE, 0),
    (resource.RLIMIT_NPROC, 0),
    (resource.RLIMIT_NOFILE, 32),
)
# Audit events of rendering itself. Templates may cause no others (processes, sockets, deletions, ctypes).
_ALLOWED: Final = frozenset(
    {
        "builtins.id",
        "code.__new__",
        "compile",
        "exec",
        "import",
        "marshal.load",
        "marshal.loads",
        "object.__getattr__",
        "open",
        "os.chdir",
        "os.listdir",
        "os.scandir",
        "sys._getframe",
        "sys._getframemodulename",
    }
)
_WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


def main() -> None:
    requests, answers = sys.stdin.buffer, sys.stdout.buffer
    renderer = Renderer()
    signal.signal(signal.SIGPROF, _out_of_time)
    # The parent handles Ctrl-C.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    for limit, value in _LIMITS:
        resource.setrlimit(limit, (value, value))
    sys.addaudithook(_audit)
    answers.write(READY)
    answers.flush()
    for line in requests:
        answers.write(_answer(renderer, line) + b"\n")
        answers.flush()


def _answer(renderer: Renderer, line: bytes) -> bytes:
    fields: dict[str, Any] = json.loads(line)
    request = Request(**{**fields, "folders": tuple(fields["folders"])})
    signal.setitimer(signal.ITIMER_PROF, _SECONDS)
    try:
        outcome = renderer.answer(request)
    except OutOfTime:
        # Between two of its steps.
        outcome = Outcome({}, {}, f"{request.template}: takes more time than a config may take", lasting=False)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return json.dumps(asdict(outcome)).encode()


def _out_of_time(number: int, frame: FrameType | None) -> None:
    raise OutOfTime


def _audit(event: str, args: tuple[Any, ...]) -> None:
    if event not in _ALLOWED or (event == "open" and _writes(*args)):
        raise PermissionError(f"{event} is not for a template")


def _writes(path: object, mode: object, flags: object) -> bool:
    return not isinstance(flags, int) or bool(flags & _WRITING)


if __name__ == "__main__":
    main()
