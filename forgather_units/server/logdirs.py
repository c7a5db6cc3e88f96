"""What the API says of a log directory."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import Refused
from forgather_units.machine.logdir import inspect_logdir

_NOTHING: Final = {"runs": 0, "event_files": 0, "newest_event_time": None, "size_bytes": 0}


def logdir_answer(path: str) -> dict[str, Any]:
    """`path`, `exists`, `runs`, `event_files`, `newest_event_time`, `size_bytes`, and `error`: why it is none."""
    try:
        facts = inspect_logdir(path)
    except Refused as why:
        # Unlike pathlib's, it knows an answer for every text.
        exists = Path(path).is_absolute() and os.path.exists(path)  # noqa: PTH110
        return {"path": path, "exists": exists, **_NOTHING, "error": why.message}
    return {
        "path": path,
        "exists": True,
        "runs": facts.runs,
        "event_files": facts.event_files,
        "newest_event_time": facts.newest,
        "size_bytes": facts.size,
        "error": None,
    }
