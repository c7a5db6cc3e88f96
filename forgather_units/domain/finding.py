"""The result of one check of a host, and its fix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARN = "warn"
    """Works with reduced features."""
    BAD = "bad"
    """Jobs cannot run."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A row of the doctor's report: check, status, result, and how to fix it (empty: nothing to do)."""

    name: str
    verdict: Verdict
    detail: str
    fix: str = ""
