"""Moments that users type: `10m` (ago), `14:05` (today), `2026-01-31 14:05`."""

from __future__ import annotations

import argparse
import time
from datetime import datetime
from datetime import time as time_of_day

from forgather_units.domain import quantities
from forgather_units.domain.placement import NEVER


def moment(text: str) -> float:
    """Seconds since the epoch. Raises ArgumentTypeError."""
    for parse in (_ago, _today, _date):
        try:
            return parse(text.strip())
        except (ValueError, OverflowError):
            continue
    rule = "must be a time such as 10m, 2h (ago), 14:05 or '2026-01-31 14:05'"
    raise argparse.ArgumentTypeError(f"{rule}, not {text!r}")


def _ago(text: str) -> float:
    span = quantities.idle_timeout(text)
    if span == NEVER:
        raise ValueError(text)
    return time.time() - float(span)


def _today(text: str) -> float:
    return datetime.combine(datetime.now().astimezone().date(), time_of_day.fromisoformat(text)).timestamp()


def _date(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
