"""Who hears of every request that was answered for a viewer."""

from __future__ import annotations

from collections.abc import Callable

Observer = Callable[[str, int, float], None]
"""The queue id, the status code that was sent (0: the client left before) and the seconds that it took."""


def nobody(queue_id: str, code: int, seconds: float) -> None:
    """Nobody listens."""
