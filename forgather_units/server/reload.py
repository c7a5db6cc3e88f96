"""The settings file, read again while the server runs (SIGHUP, `systemctl reload`)."""

from __future__ import annotations

import dataclasses
import logging
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import ForgatherError
from forgather_units.kinds.services import args_problems
from forgather_units.settings.settings import Loaded, Settings, load_all

log = logging.getLogger(__name__)

FIXED: Final = (
    "host",
    "port",
    "auth",
    "auth_dir",
    "allowed_hosts",
    "trusted_proxy",
    "public_url",
    "group",
    "admins",
    "state_dir",
    "unit_prefix",
    "tensorboard",
    "mkdocs",
)
"""What a running server is built on: it changes with a restart alone, which loses no viewer."""


class Reload:
    """Reads the file again; a broken one is refused, and the old settings go on."""

    def __init__(
        self, file: Path | None, flags: Mapping[str, Any], now: Settings, apply: Callable[[Loaded], None]
    ) -> None:
        self._file = file
        self._flags = flags
        self._now = now
        self._apply = apply
        self._lock = threading.Lock()

    def ask(self) -> None:
        """From a signal handler: the work is another thread's."""
        threading.Thread(target=self.run, name="reload", daemon=True).start()

    def run(self) -> bool:
        """Whether the file was taken."""
        with self._lock:
            try:
                loaded = load_all(self._file, self._flags, args_problems)
                self._apply(loaded)
            except ForgatherError as why:
                log.error("the settings stay as they were: %s", why.message)
                return False
            for each in dataclasses.fields(Settings):
                if each.name in FIXED and getattr(loaded.settings, each.name) != getattr(self._now, each.name):
                    log.warning("%s changes with a restart of the server", each.name)
            log.info("settings read again from %s", loaded.file)
            return True
