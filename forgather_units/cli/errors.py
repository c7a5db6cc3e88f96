"""Errors that only the command line raises."""

from __future__ import annotations

from forgather_units.domain.errors import ForgatherError


class Usage(ForgatherError):
    """The words of the command do not go together (exit code 2). `see` is the command that prints the help."""

    def __init__(self, message: str, *, hint: str = "", see: str = "") -> None:
        super().__init__(message, hint=hint)
        self.see = see


class JobEnded(ForgatherError):
    """The job that was waited for has ended instead of running."""
