"""Secrets on disk: made once, atomically, readable by their owner alone, and read again when they change."""

from __future__ import annotations

import logging
import os
import secrets
from pathlib import Path

from forgather_units.domain.errors import Unavailable

log = logging.getLogger(__name__)


def write_secret(file: Path, text: str) -> None:
    """Replace the file's content in one step. Raises Unavailable."""
    part = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as out:
            out.write(text)
        part.rename(file)
    except OSError as why:
        part.unlink(missing_ok=True)
        raise Unavailable(f"{file} cannot be written: {why.strerror}") from None


class SecretFile:
    """A secret that `make` makes at first use (of two servers that start at once, both use the same)."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._known: tuple[tuple[int, int, int], str] | None = None

    def read(self) -> str:
        """The present content, stripped; empty where there is no file. Raises Unavailable if it cannot be read."""
        try:
            status = self.file.stat()
        except FileNotFoundError:
            return ""
        except OSError as why:
            raise Unavailable(f"{self.file} cannot be read: {why.strerror}") from None
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if self._known is None or self._known[0] != version:
            if status.st_mode & 0o077:
                log.warning("%s could be read by others: now it is readable by you alone", self.file)
                self.file.chmod(0o600)
            try:
                self._known = (version, self.file.read_text(encoding="utf-8").strip())
            except (OSError, UnicodeDecodeError) as why:
                raise Unavailable(f"{self.file} cannot be read: {why}") from None
        return self._known[1]

    def ensure(self, fresh: str) -> str:
        """The content, which is `fresh` if there was none. Raises Unavailable."""
        if not self.file.exists():
            part = self.file.with_name(f".{self.file.name}.{secrets.token_hex(4)}")
            write_secret(part, fresh + "\n")
            try:
                os.link(part, self.file)
            except FileExistsError:
                pass
            finally:
                part.unlink(missing_ok=True)
        return self.read()
