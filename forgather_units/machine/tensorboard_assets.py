"""Which static parts the installed TensorBoard serves: the release, as long as nobody installs another."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

_VERSION: Final = re.compile(r"""^VERSION = ["']([^"'\n]{1,40})["']""", re.MULTILINE)
_PLACES: Final = (
    "tensorboard/webfiles.zip",
    "lib/python3*/site-packages/tensorboard/webfiles.zip",
    "lib/python3*/dist-packages/tensorboard/webfiles.zip",
    "python3*/site-packages/tensorboard/webfiles.zip",
)


class TensorBoardAssets:
    """`folders` are those that the stock command reads its code from."""

    def __init__(self, folders: Iterable[str]) -> None:
        found = {path.resolve() for folder in folders for place in _PLACES for path in Path(folder).glob(place)}
        # With two of them nobody can say from here which is served.
        self._archive = found.pop() if len(found) == 1 else None
        self._version = _version_beside(self._archive) if self._archive else ""

    def release(self, started_at: float | None = None) -> str:
        """What stands for the files that a viewer serves which started then (None: which is yet to start).

        Empty where that is not known, as for one that is older than the files: it has others in memory.
        """
        if self._archive is None:
            return ""
        try:
            now = self._archive.stat()
        except OSError:
            return ""
        if started_at is not None and started_at <= now.st_ctime:
            return ""
        return f"{self._version}-{now.st_mtime_ns}-{now.st_size}"


def _version_beside(archive: Path) -> str:
    try:
        version = _VERSION.search(archive.with_name("version.py").read_text(encoding="utf-8"))
    except OSError:
        return ""
    return version[1] if version else ""
