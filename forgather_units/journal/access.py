"""Caches the result of the journal check, and detects that journald drops lines."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Final

from forgather_units.journal.check import JournalCheck

# Seconds for which a result is cached. A fault may be fixed soon; a working journal rarely breaks.
_FRESH: Final = 600.0
_FRESH_FAULT: Final = 60.0

Check = Callable[[], JournalCheck]


class JournalAccess:
    """Tells why the journal cannot be read. Thread-safe; `check` runs in the caller's thread."""

    def __init__(self, check: Check) -> None:
        self._check = check
        self._lock = threading.Lock()
        self._found: JournalCheck | None = None
        self._until = 0.0

    def fault(self) -> JournalCheck | None:
        """The result of a check if the journal cannot be read, else None. May take seconds."""
        with self._lock:
            if self._found is None or time.monotonic() > self._until:
                self._found = self._check()
                self._until = time.monotonic() + (_FRESH if self._found.is_readable else _FRESH_FAULT)
            return None if self._found.is_readable else self._found

    def known_fault(self) -> str:
        """The last check's reason why the journal cannot be read; empty if it can, or is not known. Does not block."""
        found = self._found
        return "" if found is None or found.is_readable else found.why


class DropWatch:
    """Checks, while units print a lot, whether journald drops their lines, and calls `on_drop` when it does.

    For a user who cannot read journald's own reports. Each check runs in a new thread.
    """

    # journald's interval (RateLimitIntervalSec=, 30 s) and a part of the smallest burst that it allows (10,000 lines).
    INTERVAL: Final = 30.0
    LINES: Final = 2000
    PAUSE: Final = 3.0

    def __init__(self, check: Check, on_drop: Callable[[], None]) -> None:
        self._check = check
        self._on_drop = on_drop
        self._printed: deque[tuple[float, int]] = deque()
        self._next_check = 0.0

    def printed(self, count: int) -> None:
        """Report `count` new lines, or 0. Always in the same thread."""
        now = time.monotonic()
        if count:
            self._printed.append((now, count))
        while self._printed and self._printed[0][0] < now - self.INTERVAL:
            self._printed.popleft()
        if now >= self._next_check and sum(lines for _, lines in self._printed) >= self.LINES:
            # No second check starts while one runs: a check takes less time than this.
            self._next_check = now + self.INTERVAL
            threading.Thread(target=self._run_check, name="journal-check", daemon=True).start()

    def _run_check(self) -> None:
        if self._check().is_limited:
            self._on_drop()
        else:
            self._next_check = time.monotonic() + self.PAUSE
