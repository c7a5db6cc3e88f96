"""JSON of a log directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.files.lookups import Ask
from forgather_units.folders.expected import Around
from forgather_units.viewers.tensorboard.logdir import inspect_logdir, logdir_warnings

_NOWHERE: Final = Around()
_NOTHING: Final[dict[str, Any]] = {
    "runs": 0,
    "event_files": 0,
    "newest_event_time": None,
    "size_bytes": 0,
    "complete": True,
    "warnings": [],
}


def logdir_json(ask: Ask, path: str, around: Around = _NOWHERE) -> dict[str, Any]:
    """Facts about a folder, for the page.

    `path`, `exists` (None: not known), `runs`, `event_files`, `newest_event_time`, `size_bytes`, `complete` (False:
    those figures are lower bounds), `warnings` (sentences) and `error` (why it is no logdir). `around`: where it may
    appear later.
    """
    try:
        return ask(path, _inspect, path, around)
    except Unavailable as why:
        return {"path": path, "exists": None, **_NOTHING, "complete": False, "error": why.message}


def _inspect(path: str, around: Around) -> dict[str, Any]:
    try:
        facts = inspect_logdir(path, around)
    except Refused as why:
        # Unlike pathlib's method it accepts every text.
        exists = Path(path).is_absolute() and os.path.exists(path)  # noqa: PTH110
        return {"path": path, "exists": exists, **_NOTHING, "error": why.message}
    return {
        "path": path,
        "exists": not facts.is_missing,
        "runs": facts.runs,
        "event_files": facts.event_files,
        "newest_event_time": facts.newest,
        "size_bytes": facts.size,
        "complete": facts.whole,
        "warnings": list(logdir_warnings(path, facts)),
        "error": None,
    }
