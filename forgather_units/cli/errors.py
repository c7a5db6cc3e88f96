"""What only a command line can get wrong."""

from __future__ import annotations

from forgather_units.domain.errors import ForgatherError


class Usage(ForgatherError):
    """The words of the command do not go together (exit code 2)."""


class JobEnded(ForgatherError):
    """The job that was waited for has ended instead of running."""
