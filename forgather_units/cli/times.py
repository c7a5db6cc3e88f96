"""Times as commands print them: how long, how long ago, and the moment itself."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Final

_UNITS: Final = ((86400, "d"), (3600, "h"), (60, "m"), (1, "s"))


def span(seconds: float) -> str:
    """In the largest unit that fits: `3m`."""
    whole = max(0, int(seconds))
    size, unit = next((each for each in _UNITS if whole >= each[0]), _UNITS[-1])
    return f"{whole // size}{unit}"


def since(moment: float | None) -> str | None:
    """How long it has lasted, since `moment` (seconds since the epoch): `3m`. None stays None."""
    return None if moment is None else span(time.time() - moment)


def ago(moment: float | None) -> str | None:
    """How long ago it was: `3m ago`. None stays None."""
    return None if moment is None else f"{since(moment)} ago"


def date(moment: float) -> str:
    """In local time: `2026-01-31 14:05:00`."""
    return datetime.fromtimestamp(moment).astimezone().isoformat(" ", "seconds")[:19]


def date_and_ago(moment: float | None) -> str | None:
    """`2026-01-31 14:05:00 (3m ago)`. None stays None."""
    return None if moment is None else f"{date(moment)} ({ago(moment)})"
