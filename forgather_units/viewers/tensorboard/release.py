"""For the proxy's cache: the release of the static files that a job serves, and the files of that release."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.job import Job, Running, Starting
from forgather_units.domain.program import Program, StaticFile
from forgather_units.domain.viewer import ViewerKind
from forgather_units.files.lookups import Ask, directly
from forgather_units.files.mounts import Mounts
from forgather_units.viewers.tensorboard.assets import ArchiveState, TensorBoardAssets
from forgather_units.viewers.tensorboard.kind import TENSORBOARD

log = logging.getLogger(__name__)

_FRESH: Final = 1.0
"""Seconds until the state of an archive on another file system than a local disk is asked again."""
_PAUSE: Final = 5.0
"""Seconds until the same after a failure."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """The state of an archive on a file system that may not answer, at a time (seconds since the epoch)."""

    state: ArchiveState | None
    at: float


class Releases:
    """Releases of TensorBoards only: the pages of other kinds belong to their users, and are not cached.

    The proxy calls this in the server's loop, so no call waits: a thread finds the archive, and a helper process reads
    an archive on a mount that may not answer. Until its state is known, nothing is cached.
    """

    def __init__(self, program: Callable[[ViewerKind], Program], ask: Ask = directly) -> None:
        self._program = program
        self._ask = ask
        self._lock = threading.Lock()
        self._looks = False
        self._found: TensorBoardAssets | None = None
        self._is_local = False
        self._seen: _Seen | None = None
        self._next_look = 0.0

    def of(self, job: Job) -> str:
        """The release that this job's viewer serves; empty where that is not known, and for other kinds."""
        if job.submission.kind.name != TENSORBOARD.name:
            return ""
        # A sleeping viewer serves the release that is installed when it starts.
        started_at = job.state.started_at if isinstance(job.state, Starting | Running) else None
        if self._found is not None and self._is_local:
            return self._found.release(started_at)
        self._look_again()
        seen = self._seen
        if seen is None or seen.state is None or (started_at is not None and started_at >= seen.at):
            return ""
        return seen.state.release_of(started_at)

    def file(self, release: str, path: str, hashed: bool) -> StaticFile | None:
        """The file of that release at an address below the prefix; `hashed`: the address names a `_file_hash`.

        For a thread that may wait.
        """
        if self._found is None:
            return None
        if self._is_local:
            return self._found.file(release, path, hashed=hashed)
        try:
            return self._ask(self._found.archive, _file, self._found, release, path, hashed)
        except (ForgatherError, OSError):
            return None

    def _look_again(self) -> None:
        with self._lock:
            if self._looks or time.monotonic() < self._next_look:
                return
            self._looks = True
        threading.Thread(target=self._look, name="releases", daemon=True).start()

    def _look(self) -> None:
        pause = _PAUSE
        try:
            if self._found is None:
                self._find()
            if self._found is not None and not self._is_local:
                now = time.time()
                state = self._ask(self._found.archive, self._found.state)
                self._seen = _Seen(state, now)
            pause = _FRESH
        except (ForgatherError, OSError) as why:
            # The known release still holds for viewers that started before.
            log.debug("the files of TensorBoard cannot be read: %s", why)
        except Exception:
            log.exception("the files of TensorBoard cannot be read")
        finally:
            with self._lock:
                self._looks, self._next_look = False, time.monotonic() + pause

    def _find(self) -> None:
        program = self._program(TENSORBOARD)
        found = self._ask(program.command[0], TensorBoardAssets, program.folders)
        self._is_local = not found.archive or Mounts.now().of(found.archive).is_local
        self._found = found


def _file(assets: TensorBoardAssets, release: str, path: str, hashed: bool) -> StaticFile | None:
    return assets.file(release, path, hashed=hashed)
