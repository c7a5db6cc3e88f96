"""The folders below which projects are searched: those of the settings and those added by users."""

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
from forgather_units.files.atomic import write_atomic
from forgather_units.files.lookups import Ask, directly

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SearchRoot:
    """`configured`: from the settings file, and can only be removed there."""

    path: str
    exists: bool | None
    """None: its file system does not answer."""
    configured: bool


class SearchRoots:
    """Thread-safe; `file` stores added folders."""

    def __init__(self, configured: Sequence[str], file: Path, ask: Ask = directly) -> None:
        self._ask = ask
        self._configured = tuple(map(os.path.abspath, configured))
        self._file = file
        self._lock = threading.Lock()
        self._added = _read(file)

    def configure(self, paths: Sequence[str]) -> None:
        """Replace the folders of the settings file."""
        with self._lock:
            self._configured = tuple(map(os.path.abspath, paths))

    def paths(self) -> list[str]:
        """Each once, the configured ones first."""
        with self._lock:
            return list(dict.fromkeys((*self._configured, *self._added)))

    def all(self) -> list[SearchRoot]:
        return [SearchRoot(path, self._exists(path), path in self._configured) for path in self.paths()]

    def add(self, path: str, *, create: bool = False) -> SearchRoot:
        """`path` is absolute, or begins with `~`; with `create` it is made if need be. Raises Refused, Unavailable."""
        folder = os.path.normpath(os.path.expanduser(path))
        if "\0" in path or not os.path.isabs(folder):
            raise Refused(f"{path!r} is not an absolute path", field="path")
        if folder == "/":
            raise Refused("/ is no search root: name the folders that hold projects", field="path")
        self._ask(folder, _check_or_make, folder, create)
        with self._lock:
            if folder not in self._configured and folder not in self._added:
                self._keep([*self._added, folder])
        return SearchRoot(folder, True, folder in self._configured)

    def remove(self, path: str) -> str:
        """The path that is no search root any more. Raises NotFound, Conflict for a configured one, Unavailable."""
        folder = os.path.normpath(os.path.expanduser(path))
        with self._lock:
            if folder in self._configured:
                raise Conflict(f"{folder} comes from the settings file (search_roots): remove it there", field="path")
            if folder not in self._added:
                raise NotFound(f"{folder} is no search root", field="path")
            self._keep([each for each in self._added if each != folder])
        return folder

    def reachable(self) -> list[str]:
        """`paths`, without those whose file system does not answer."""
        return [path for path in self.paths() if self._exists(path) is not None]

    def _exists(self, path: str) -> bool | None:
        try:
            return self._ask(path, os.path.isdir, path)
        except Unavailable as why:
            log.warning("skipping search root %s: %s", path, why.message)
            return None

    def _keep(self, added: list[str]) -> None:
        try:
            write_atomic(self._file, json.dumps(added, indent=2) + "\n")
        except OSError as why:
            raise Unavailable(f"{self._file} cannot be written: {why.strerror}") from None
        self._added = added


def _check_or_make(folder: str, create: bool) -> None:
    """Raises Refused."""
    if create:
        try:
            os.makedirs(folder, exist_ok=True)
        except OSError as why:
            raise Refused(f"{folder} cannot be made: {why.strerror}", field="path") from None
    if not os.path.isdir(folder):
        raise Refused(f"{folder} is no folder that can be read", field="path")


def _read(file: Path) -> list[str]:
    try:
        said: Any = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as why:
        log.warning("the search roots in %s cannot be read (%s): ignored", file, why)
        return []
    return [each for each in said if isinstance(each, str)] if isinstance(said, list) else []
