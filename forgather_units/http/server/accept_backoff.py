"""Pauses a listening socket while no file descriptor is left for new connections."""

from __future__ import annotations

import errno
import logging
import time
from typing import Any, Final

log = logging.getLogger(__name__)

EXHAUSTED: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.ENOBUFS})
"""Errors of accept(2) that go away when other connections end; the new connection waits in the backlog."""
# A poll (seconds): no event reports a free descriptor, and the socket stays readable until then.
_PAUSE: Final = 0.5
_LOG_PAUSE: Final = 60.0


class AcceptBackoff:
    """Replaces `accept` and `readable` of a waitress server.

    waitress itself logs a traceback and retries at once, which keeps a core busy until a descriptor is free.
    """

    def __init__(self, server: Any) -> None:
        self._accept = server.accept
        self._readable = server.readable
        self._pause_until = 0.0
        self._log_at = 0.0
        server.accept = self.accept
        server.readable = self.readable

    def accept(self) -> Any:
        """A connection and its address; None if accept(2) fails for lack of resources."""
        try:
            return self._accept()
        except OSError as why:
            if why.errno not in EXHAUSTED:
                raise
            now = time.monotonic()
            self._pause_until = now + _PAUSE
            if now >= self._log_at:
                self._log_at = now + _LOG_PAUSE
                log.warning("new connections have to wait: %s", why.strerror)
        return None

    def readable(self) -> bool:
        """Whether to accept connections now."""
        return time.monotonic() >= self._pause_until and bool(self._readable())
