"""The search for a kind's program, made in a helper process: the program may lie on a mount that does not answer."""

from __future__ import annotations

import logging
import sys
from typing import Final

from forgather_units.domain.errors import Unavailable
from forgather_units.domain.program import Program
from forgather_units.files.lookups import Ask
from forgather_units.files.slots import DoesNotAnswer
from forgather_units.viewers.contract.kind import Describe, Kind, Locate
from forgather_units.viewers.contract.python_program import touch_program

log = logging.getLogger(__name__)

LIMIT: Final = 30.0
"""Seconds for a program that answers slowly: it is started up to four times, for 3 or 10 s each."""


class _Warnings(logging.Handler):
    """Keeps the text of log records."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def look_for_program(kind: Kind, command: str, ask: Ask) -> Program:
    """The program of `kind`; `command` is its path in the settings (empty: search for it).

    Raises Refused where it is not installed, and Unavailable, within seconds, where its file system does not answer.
    """
    try:
        if command:
            # Starting it may take long, so a file system that does not answer is recognized before that.
            ask(command, touch_program, command)
        program, warnings = ask(command or sys.executable, _find, kind.locate, kind.describe, command, limit=LIMIT)
    except (DoesNotAnswer, TimeoutError) as why:
        what = f"{command} cannot be accessed" if command else f"the {kind.name} command cannot be searched for"
        silence = why.reason if isinstance(why, DoesNotAnswer) else why.strerror
        raise Unavailable(f"{what}: {silence}") from None
    for warning in warnings:
        log.warning("%s", warning)
    return program


def _find(locate: Locate, describe: Describe, command: str) -> tuple[Program, tuple[str, ...]]:
    """The program, and the warnings that were logged meanwhile: a helper process has no log."""
    warnings, logger = _Warnings(), logging.getLogger("forgather_units.viewers")
    logger.addHandler(warnings)
    try:
        return describe((command,) if command else locate()), tuple(warnings.texts)
    finally:
        logger.removeHandler(warnings)
