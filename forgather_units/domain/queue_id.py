"""The name of a job: `q_<epoch milliseconds>_<8 hex digits>`, as Forgather's own server makes it."""

from __future__ import annotations

import re
import secrets

_FORM = re.compile(r"q_\d{1,15}_[0-9a-f]{8}")


def new_queue_id(now: float) -> str:
    """A fresh id for a job submitted at `now` (seconds since the epoch)."""
    return f"q_{int(now * 1000)}_{secrets.token_hex(4)}"


def is_queue_id(text: str) -> bool:
    """Whether `text` could be one of our ids: it then holds nothing that a path or a unit name could trip over."""
    return _FORM.fullmatch(text) is not None
