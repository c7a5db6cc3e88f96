"""Secrets on disk: made once, atomically, readable by their owner alone, and read again when they change."""

from __future__ import annotations

import logging
import os
import secrets
import stat
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Unavailable

log = logging.getLogger(__name__)

_OTHERS: Final = 0o077
_WRITABLE_BY_OTHERS: Final = 0o022
# A second write within one tick of the file system's clock leaves the same times behind.
_TICK: Final = 0.1

Version = tuple[int, ...]


def write_secret(file: Path, text: str) -> None:
    """Replace the file's content in one step; a reader sees the old one or the new one. Raises Unavailable."""
    _place(file, text, os.replace)


class SecretFile:
    """The content of one such file, known by heart until the file changes."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._known: tuple[Version, str] | None = None

    def read(self) -> str:
        """The present content, stripped; empty where there is no file. Raises Unavailable if it cannot be used."""
        try:
            # Before anything is opened: most servers have no password, and many nobody who has signed out.
            version = _version(self.file.stat())
            known = self._known
            return known[1] if known is not None and known[0] == version else self._read_anew()
        except FileNotFoundError:
            self._known = None
            return ""
        except OSError as why:
            raise Unavailable(f"{self.file} cannot be read: {why.strerror}") from None

    def ensure(self, make: Callable[[], str]) -> str:
        """The content, which `make` makes if there is no file: of two servers that start at once, both get the same.

        A file that is there and empty stays as it is: a disk that was full is no reason for a new secret.
        """
        text = self.read()
        if not text and not self.file.exists():
            # Unlike a rename a link never replaces what somebody else has made meanwhile.
            with suppress(FileExistsError):
                _place(self.file, make() + "\n", os.link)
            text = self.read()
        return text

    def _read_anew(self) -> str:
        with self.file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if status.st_mode & _OTHERS:
                self._tighten(opened.fileno())
                status = os.fstat(opened.fileno())
            # What is no text fits no form either: whoever asked for the secret says so.
            text = opened.read().decode("utf-8", "replace").strip()
        if abs(time.time() - status.st_ctime) > _TICK:
            self._known = (_version(status), text)
        return text

    def _tighten(self, descriptor: int) -> None:
        os.fchmod(descriptor, 0o600)
        log.warning("%s could be read by others: now it is readable by you alone", self.file)


def private_folder(folder: Path) -> None:
    """Make it (0700), or see that nobody else may put files there. Raises Unavailable."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        mode = folder.stat().st_mode
        if not mode & _WRITABLE_BY_OTHERS:
            return
        if mode & stat.S_ISVTX:  # like /tmp: made to be shared, so not ours to close
            raise Unavailable(f"{folder} is shared with others: secrets need a folder of their own")
        folder.chmod(0o700)
        log.warning("%s could be written by others: now it is yours alone", folder)
    except OSError as why:
        raise Unavailable(f"{folder} cannot be used: {why.strerror}") from None


def _version(status: os.stat_result) -> Version:
    # The change time moves with the permissions too.
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


def _place(file: Path, text: str, put: Callable[[Path, Path], None]) -> None:
    """Write a file beside `file`, then `put` it there whole. Raises Unavailable, and FileExistsError if `put` does."""
    private_folder(file.parent)
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            out.write(text)
            out.flush()
            os.fsync(out.fileno())
        put(part, file)
    except FileExistsError:
        raise
    except OSError as why:
        raise Unavailable(f"{file} cannot be written: {why.strerror}") from None
    finally:
        with suppress(OSError):  # renamed, or never made
            part.unlink()
