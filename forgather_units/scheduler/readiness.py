"""Finds out when a starting TensorBoard answers.

Stock TensorBoard has no readiness protocol (no sd_notify), so this is a poll: one thread for each *starting* job,
each 50 ms, ended with the start. The cold start takes a second; nobody would notice a finer grain.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

log = logging.getLogger(__name__)

_PAUSE: Final = 0.05

Ask = Callable[[], bool]
"""Whether it answers now; must return within a few seconds."""


class ReadinessWatch:
    """Watches starting jobs; calls `on_ready(queue_id)` once for each that answers."""

    def __init__(self, on_ready: Callable[[str], None]) -> None:
        self._on_ready = on_ready
        self._given_up: dict[str, threading.Event] = {}

    def watch(self, queue_id: str, answers: Ask) -> None:
        """Ask until it answers, or until `give_up`. Watching it twice is watching it once."""
        if queue_id in self._given_up:
            return
        given_up = self._given_up[queue_id] = threading.Event()
        arguments = (queue_id, answers, given_up)
        threading.Thread(target=self._ask, args=arguments, name=f"starting-{queue_id}", daemon=True).start()

    def give_up(self, queue_id: str) -> None:
        if (given_up := self._given_up.pop(queue_id, None)) is not None:
            given_up.set()

    def stop(self) -> None:
        for queue_id in list(self._given_up):
            self.give_up(queue_id)

    def _ask(self, queue_id: str, answers: Ask, given_up: threading.Event) -> None:
        while not given_up.wait(_PAUSE):
            if answers():
                if not given_up.is_set():
                    self._on_ready(queue_id)
                return
