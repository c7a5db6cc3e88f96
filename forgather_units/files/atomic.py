"""Atomic replacement of small files: a reader sees the old content or the new one, never a part."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def write_atomic(
    file: Path, text: str, *, mode: int = 0o600, durable: bool = False, put: Callable[[Path, Path], None] = os.replace
) -> None:
    """Write `text` (UTF-8) to a new file in the same folder, then `put` it at `file`: os.replace, or os.link for
    FileExistsError where `file` exists already.

    `durable` waits for the disk (fsync). Leaves no partial file behind. Raises OSError.
    """
    partial = file.with_name(f".{file.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
            os.fchmod(out.fileno(), mode)
            if durable:
                out.flush()
                os.fsync(out.fileno())
        put(partial, file)
    finally:
        with suppress(OSError):  # renamed, or never created
            partial.unlink()
