"""One fact about a host: what was looked at, what was found, how to mend it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    """It works, with less than it could."""
    BAD = "bad"
    """Jobs cannot run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One row: what was looked at, what was found, how to mend it (empty: nothing to do)."""

    name: str
    verdict: Verdict
    detail: str
    mend: str = ""
