"""Static files of the installed TensorBoard: their release, and each file as TensorBoard sends it."""

from __future__ import annotations

import mimetypes
import os
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.program import StaticFile
from forgather_units.files import mount_walk

_VERSION: Final = re.compile(r"""^VERSION = ["']([^"'\n]{1,40})["']""", re.MULTILINE)
_PLACES: Final = (
    "tensorboard/webfiles.zip",
    "lib/python3*/site-packages/tensorboard/webfiles.zip",
    "lib/python3*/dist-packages/tensorboard/webfiles.zip",
    "python3*/site-packages/tensorboard/webfiles.zip",
)
_LARGEST: Final = 16 << 20
"""Bytes of one file of the archive."""

# Headers of TensorBoard 2.20 and later (tensorboard/backend/http_util.py, plugins/core/core_plugin.py).
# A viewer that sends others does not count as the stock program.
_PREAMBLE: Final = b'<!doctype html><meta name="tb-relative-root" content="./">'
_POLICY: Final = (
    "default-src 'self';font-src 'self' data:;frame-src 'self' https://ui.perfetto.dev;img-src 'self' data: blob:;"
    "object-src 'none';style-src 'self' https://www.gstatic.com data: 'unsafe-inline';connect-src 'self';"
    "script-src 'self' 'unsafe-eval'"
)
_KEEP_SECONDS: Final = 86400
_TEXTUAL: Final = frozenset({"image/svg+xml", "text/css", "text/html", "text/javascript", "text/plain"})
_SCRIPT: Final = "text/javascript"


@dataclass(frozen=True, slots=True)
class ArchiveState:
    """Which files the archive holds, and since when (seconds since the epoch)."""

    release: str
    changed_at: float

    def release_of(self, started_at: float | None) -> str:
        """The release served by a viewer that started at `started_at` (None: it has not started).

        Empty if the viewer is older than the files: it has other ones in memory.
        """
        return "" if started_at is not None and started_at <= self.changed_at else self.release


class TensorBoardAssets:
    """`folders` are those that the stock command reads its code from. Picklable, and all of it touches files."""

    def __init__(self, folders: Iterable[str]) -> None:
        folders = list(folders)
        for folder in folders:
            mount_walk.enter(folder)
        found = {path.resolve() for folder in folders for place in _PLACES for path in Path(folder).glob(place)}
        # With two of them the served one is unknown.
        self._archive = found.pop() if len(found) == 1 else None
        self._version = _version_beside(self._archive) if self._archive else ""

    @property
    def archive(self) -> str:
        """Its path, without links; empty where there is none."""
        return str(self._archive or "")

    def release(self, started_at: float | None = None) -> str:
        """See `ArchiveState.release_of`; empty also where that is not known."""
        state = self.state()
        return state.release_of(started_at) if state else ""

    def state(self) -> ArchiveState | None:
        """As of now; None where there is no archive."""
        if self._archive is None:
            return None
        try:
            now = self._archive.stat()
        except OSError:
            return None
        return ArchiveState(self._tag(now), now.st_ctime)

    def file(self, release: str, path: str, *, hashed: bool) -> StaticFile | None:
        """The file of this release at an address below the prefix (`/`, `/index.js`).

        `hashed`: the address names a `_file_hash`, so that browsers keep a script. None where the archive has no such
        file, cannot be read, or is not of this release any more.
        """
        name = path.removeprefix("/") or "index.html"
        if self._archive is None:
            return None
        try:
            with self._archive.open("rb") as opened:
                if self._tag(os.fstat(opened.fileno())) != release:
                    return None
                with zipfile.ZipFile(opened) as archive:
                    if archive.getinfo(name).file_size > _LARGEST:
                        return None
                    return _static_file(name, archive.read(name), hashed)
        except (OSError, KeyError, zipfile.BadZipFile, NotImplementedError, RuntimeError):
            return None

    def _tag(self, status: os.stat_result) -> str:
        return f"{self._version}-{status.st_mtime_ns}-{status.st_size}"


def _static_file(name: str, content: bytes, hashed: bool) -> StaticFile:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    # Python says "application/javascript" before 3.12.
    kind = _SCRIPT if kind == "application/javascript" else kind
    keep = hashed and kind == _SCRIPT
    headers = (
        ("Content-Type", f"{kind}; charset=utf-8" if kind in _TEXTUAL else kind),
        ("X-Content-Type-Options", "nosniff"),
        ("Cache-Control", f"private, max-age={_KEEP_SECONDS}" if keep else "no-cache, must-revalidate"),
    )
    bodies = (_PREAMBLE + content, content) if name == "index.html" else (content,)
    return StaticFile(bodies, headers, _POLICY if kind == "text/html" else "")


def _version_beside(archive: Path) -> str:
    try:
        version = _VERSION.search(archive.with_name("version.py").read_text(encoding="utf-8"))
    except OSError:
        return ""
    return version[1] if version else ""
