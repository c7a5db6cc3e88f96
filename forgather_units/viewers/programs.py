"""The program of each kind of viewer, looked for in the background: a launcher may take seconds to answer, and its file
system may not answer at all."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import Future
from typing import Final

from forgather_units.domain.errors import ForgatherError, Refused, Unavailable
from forgather_units.domain.program import Program
from forgather_units.domain.viewer import ViewerKind
from forgather_units.files.lookups import Ask, directly
from forgather_units.settings.settings import Settings
from forgather_units.viewers.program_lookup import LIMIT, look_for_program
from forgather_units.viewers.table import KINDS
from forgather_units.viewers.tensorboard.kind import TENSORBOARD

log = logging.getLogger(__name__)

_SHORT: Final = 1.0
"""Seconds that the scheduler's thread waits at most."""


class Programs:
    """For any thread. Each program is looked for once, and again after a failure."""

    def __init__(self, settings: Settings, ask: Ask = directly) -> None:
        self._paths: Final = settings.program_paths
        self._ask = ask
        self._lock = threading.Lock()
        self._lookups: dict[str, Future[Program]] = {}
        """The last one of each kind."""
        self._failures: dict[str, Unavailable] = {}
        """Of kinds whose last look-up that has ended failed so."""

    def __call__(self, kind: ViewerKind) -> Program:
        """Waits for the look-up. Raises Refused where the program is not installed, Unavailable where its file system
        does not answer."""
        return self._outcome(kind, LIMIT)

    def soon(self, kind: ViewerKind) -> Program:
        """The same for a thread that others wait for: raises Unavailable also where the outcome is not known yet."""
        with self._lock:
            failure = self._failures.get(kind.name)
        if failure is None:
            return self._outcome(kind, _SHORT)
        if (lookup := self._lookup(kind)).done():
            return lookup.result()
        raise failure

    def prepare(self) -> None:
        """Start to look for TensorBoard: the server logs early that there is none."""
        self._lookup(TENSORBOARD)

    def _outcome(self, kind: ViewerKind, seconds: float) -> Program:
        try:
            return self._lookup(kind).result(seconds)
        except TimeoutError:
            raise Unavailable(
                f"the {kind.name} command is still being searched for", hint="try again in a moment"
            ) from None

    def _lookup(self, kind: ViewerKind) -> Future[Program]:
        """The one under way or the successful one, else a new one."""
        with self._lock:
            last = self._lookups.get(kind.name)
            if last is not None and not (last.done() and last.exception()):
                return last
            lookup = self._lookups[kind.name] = Future()
        threading.Thread(target=self._look_for, args=(kind.name, lookup), name="programs", daemon=True).start()
        return lookup

    def _look_for(self, name: str, lookup: Future[Program]) -> None:
        try:
            program = look_for_program(KINDS[name], self._paths.get(name, ""), self._ask)
        except Exception as why:
            with self._lock:
                before = self._failures.pop(name, None)
                if isinstance(why, Unavailable):
                    self._failures[name] = why
            if isinstance(why, ForgatherError) and not (before and before.message == why.message):
                # The request that needs a missing program is refused. Most hosts have no MkDocs.
                is_usual = isinstance(why, Refused) and name != TENSORBOARD.name
                log.log(logging.INFO if is_usual else logging.WARNING, "%s", _said(why))
            lookup.set_exception(why)
        else:
            with self._lock:
                self._failures.pop(name, None)
            lookup.set_result(program)


def _said(why: ForgatherError) -> str:
    return f"{why.message} ({why.hint})" if why.hint else why.message
