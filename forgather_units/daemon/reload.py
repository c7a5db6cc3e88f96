"""Reloads the settings file while the server runs (SIGHUP, `systemctl reload`)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from forgather_units.domain.errors import ForgatherError
from forgather_units.settings.settings import Loaded, Settings, load_all, needs_restart
from forgather_units.viewers.declaration_args import args_problems

log = logging.getLogger(__name__)


class Reload:
    """Reads the file again; keeps the old settings if it is invalid."""

    def __init__(
        self, file: Path | None, flags: Mapping[str, Any], now: Settings, apply: Callable[[Loaded], None]
    ) -> None:
        self._file = file
        self._flags = flags
        self._now = now
        self._apply = apply
        self._lock = threading.Lock()

    def request(self) -> None:
        """For a signal handler: reloads in a new thread."""
        threading.Thread(target=self.run, name="reload", daemon=True).start()

    def run(self) -> bool:
        """Returns whether the file was valid and applied."""
        with self._lock:
            try:
                loaded = load_all(self._file, self._flags, args_problems)
            except ForgatherError as why:
                log.error("the settings were not reloaded: %s", why.message)
                return False
            try:
                self._apply(loaded)
            except ForgatherError as why:
                log.error("not all of the settings could be applied: %s", why.message)
                return False
            for name in needs_restart(self._now, loaded.settings):
                log.warning("%s takes effect when the server restarts", name)
            log.info("settings read again from %s", loaded.file)
            return True
