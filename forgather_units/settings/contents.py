"""The contents of a settings file: values, services and mistakes, each with its line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.declaration import Service
from forgather_units.domain.errors import BadSettings

MOST_BYTES: Final = 1024 * 1024
"""Of a settings file."""

Parser = Callable[[Any], Any]
ArgsCheck = Callable[[str, Mapping[str, Any]], Mapping[str, str]]
"""Maps a service's type and args to the error of each arg, by name (empty name: of all)."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake; `line` counts from 1 (0: the file as a whole)."""

    line: int
    message: str
    field: str = ""

    def at(self, file: Path) -> str:
        """The problem with its place, one sentence."""
        return f"{file}:{self.line}: {self.message}" if self.line else f"{file}: {self.message}"


@dataclass(slots=True)
class Contents:
    """The file's contents. `lines` maps each setting to its line."""

    values: dict[str, Any] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    services: list[Service] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def refuse(file: Path, problems: list[Problem]) -> BadSettings:
    """The first problem as an error; the hint says how many more there are."""
    first, more = problems[0], len(problems) - 1
    hint = f"and {more} more: forgather config check" if more else ""
    return BadSettings(first.at(file), hint=hint, field=first.field)
