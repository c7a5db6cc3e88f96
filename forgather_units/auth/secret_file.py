"""Secret files: created atomically, readable only by their owner, and read again when they change."""

from __future__ import annotations

import logging
import os
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Unavailable
from forgather_units.files.atomic import write_atomic

log = logging.getLogger(__name__)

_OTHERS: Final = 0o077
_WRITABLE_BY_OTHERS: Final = 0o022
# A second write within one tick of the file system's clock leaves the same timestamps.
_TICK: Final = 0.1

Version = tuple[int, ...]


def write_secret(file: Path, text: str) -> None:
    """Replace the file atomically: a reader sees the old content or the new. Raises Unavailable."""
    _write(file, text, os.replace)


class SecretFile:
    """The content of a secret file, cached until the file changes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._cache: tuple[Version, str] | None = None

    def read(self) -> str:
        """The current content, stripped; empty if there is no file. Raises Unavailable if it cannot be used."""
        try:
            # Before opening it: most servers have no password, and many no revoked session.
            version = _version(self.file.stat())
            known = self._cache
            return known[1] if known is not None and known[0] == version else self._read_file()
        except FileNotFoundError:
            self._cache = None
            return ""
        except OSError as why:
            raise Unavailable(f"{self.file} cannot be read: {why.strerror}") from None

    def ensure(self, make: Callable[[], str]) -> str:
        """The content, created by `make` if there is no file. If two servers start at once, both get the same.

        An existing empty file stays as it is: a full disk is no reason for a new secret.
        """
        text = self.read()
        if not text and not self.file.exists():
            # Unlike rename(2), link(2) never replaces a file that another process has just created.
            with suppress(FileExistsError):
                _write(self.file, make() + "\n", os.link)
            text = self.read()
        return text

    def _read_file(self) -> str:
        with self.file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_mode & _OTHERS:
                self._tighten(opened.fileno())
                status = os.fstat(opened.fileno())
            # Text that is not UTF-8 matches no format either, and the caller reports that.
            text = opened.read().decode("utf-8", "replace").strip()
        if abs(time.time() - status.st_ctime) > _TICK:
            self._cache = (_version(status), text)
        return text

    def _tighten(self, descriptor: int) -> None:
        os.fchmod(descriptor, 0o600)
        log.warning("%s was readable by others: its mode is now 0600", self.file)


def private_folder(folder: Path) -> None:
    """Create the folder (0700), or make sure that others cannot write to it. Raises Unavailable."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = folder.stat().st_mode
        if not mode & _WRITABLE_BY_OTHERS:
            return
        if mode & stat.S_ISVTX:  # like /tmp: shared on purpose, so it is not changed
            raise Unavailable(f"{folder} is shared with others: secrets need a folder of their own")
        folder.chmod(0o700)
        log.warning("%s was writable by others: its mode is now 0700", folder)
    except OSError as why:
        raise Unavailable(f"{folder} cannot be used: {why.strerror}") from None


def _version(status: os.stat_result) -> Version:
    # The change time also changes with the permissions.
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _write(file: Path, text: str, put: Callable[[Path, Path], None]) -> None:
    """Write a temporary file, then `put` it in place. Raises Unavailable, and FileExistsError if `put` does."""
    private_folder(file.parent)
    try:
        write_atomic(file, text, durable=True, put=put)
    except FileExistsError:
        raise
    except OSError as why:
        raise Unavailable(f"{file} cannot be written: {why.strerror}") from None
