"""Finds out when a starting viewer is ready.

Stock TensorBoard has no readiness protocol (no sd_notify), so this polls every 50 ms, in one thread for each *starting*
job. A cold start takes a second, so a shorter interval would change nothing for users.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

_PAUSE: Final = 0.05

Ask = Callable[[], bool]
"""Whether the viewer is ready now; must return within a few seconds."""


class ReadinessWatch:
    """Watches starting jobs; calls `on_ready(queue_id)` once for each that becomes ready."""

    def __init__(self, on_ready: Callable[[str], None]) -> None:
        self._on_ready = on_ready
        self._given_up: dict[str, threading.Event] = {}

    def watch(self, queue_id: str, is_ready: Ask) -> None:
        """Poll until the viewer is ready, or until `give_up`. A second call for the same job does nothing."""
        if queue_id in self._given_up:
            return
        given_up = self._given_up[queue_id] = threading.Event()
        arguments = (queue_id, is_ready, given_up)
        threading.Thread(target=self._ask, args=arguments, name=f"starting-{queue_id}", daemon=True).start()

    def give_up(self, queue_id: str) -> None:
        if (given_up := self._given_up.pop(queue_id, None)) is not None:
            given_up.set()

    def stop(self) -> None:
        for queue_id in list(self._given_up):
            self.give_up(queue_id)

    def _ask(self, queue_id: str, is_ready: Ask, given_up: threading.Event) -> None:
        while not given_up.wait(_PAUSE):
            if is_ready():
                if not given_up.is_set():
                    self._on_ready(queue_id)
                return
