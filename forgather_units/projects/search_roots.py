"""The folders below which projects are looked for: those of the settings, and those that were added since."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from forgather_units.domain.errors import Conflict, NotFound, Refused, Unavailable

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SearchRoot:
    """`configured`: it stands in the settings file, and only there can it be taken out."""

    path: str
    exists: bool
    configured: bool


class SearchRoots:
    """For any number of threads; what is added is kept in `file`."""

    def __init__(self, configured: Sequence[str], file: Path) -> None:
        self._configured = tuple(map(os.path.abspath, configured))
        self._file = file
        self._lock = threading.Lock()
        self._added = _read(file)

    def paths(self) -> list[str]:
        """Each once, the configured ones first."""
        with self._lock:
            return list(dict.fromkeys((*self._configured, *self._added)))

    def all(self) -> list[SearchRoot]:
        return [SearchRoot(path, os.path.isdir(path), path in self._configured) for path in self.paths()]

    def add(self, path: str, *, create: bool = False) -> SearchRoot:
        """`path` is absolute, or begins with `~`; with `create` it is made if need be. Raises Refused, Unavailable."""
        folder = os.path.normpath(os.path.expanduser(path))
        if "\0" in path or not os.path.isabs(folder):
            raise Refused(f"{path!r} is not an absolute path", field="path")
        if folder == "/":
            raise Refused("/ is no search root: name the folders that hold projects", field="path")
        if create:
            try:
                os.makedirs(folder, exist_ok=True)
            except OSError as why:
                raise Refused(f"{folder} cannot be made: {why.strerror}", field="path") from None
        if not os.path.isdir(folder):
            raise Refused(f"{folder} is no folder that can be read", field="path")
        with self._lock:
            if folder not in self._configured and folder not in self._added:
                self._keep([*self._added, folder])
        return SearchRoot(folder, True, folder in self._configured)

    def remove(self, path: str) -> str:
        """The path that is no search root any more. Raises NotFound, Conflict for a configured one, Unavailable."""
        folder = os.path.normpath(os.path.expanduser(path))
        with self._lock:
            if folder in self._configured:
                raise Conflict(f"{folder} stands in the settings file (search_roots): take it out there", field="path")
            if folder not in self._added:
                raise NotFound(f"{folder} is no search root", field="path")
            self._keep([each for each in self._added if each != folder])
        return folder

    def _keep(self, added: list[str]) -> None:
        partial = self._file.with_name(f".{self._file.name}.partial")
        try:
            partial.write_text(json.dumps(added, indent=2) + "\n", encoding="utf-8")
            partial.replace(self._file)
        except OSError as why:
            raise Unavailable(f"{self._file} cannot be written: {why.strerror}") from None
        self._added = added


def _read(file: Path) -> list[str]:
    try:
        said: Any = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as why:
        log.warning("the search roots in %s cannot be read (%s): they are left as they are", file, why)
        return []
    return [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
