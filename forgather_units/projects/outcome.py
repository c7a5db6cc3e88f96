"""Request to render a template, and its outcome."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# The text of a scalar, None for null, the texts of a list.
Value = str | None | list[str | None]


@dataclass(frozen=True, slots=True)
class Stamp:
    """A file as it was when it was read."""

    mtime_ns: int
    size: int
    inode: int

    @classmethod
    def of(cls, facts: os.stat_result) -> Stamp:
        return cls(facts.st_mtime_ns, facts.st_size, facts.st_ino)


# None: the file did not exist. Its creation may change the outcome.
Files = Mapping[str, Stamp | None]


@dataclass(frozen=True, slots=True)
class Request:
    """Render `template` with `folders` as its search path, and read the mapping `section` of it ("": the whole)."""

    project_dir: str
    workspace_root: str
    folders: tuple[str, ...]
    template: str
    section: str
    args: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The values by name, or an error message. `files` are all files that were read.

    `lasting` is False where the same files may give another outcome: it was the machine that was too slow.
    """

    values: Mapping[str, Value]
    files: Files
    error: str | None = None
    lasting: bool = True
