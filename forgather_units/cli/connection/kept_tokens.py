"""Tokens of other servers, one file each, named after the address that the token is sent to."""

from __future__ import annotations

from pathlib import Path
from typing import Final
from urllib.parse import quote

from forgather_units.cli.connection.server_address import Address
from forgather_units.domain.errors import Refused
from forgather_units.files.atomic import write_atomic

_FOLDER: Final = "tokens"


def file_of(auth_dir: Path, address: Address) -> Path:
    """The file for the token of the server at `address`."""
    return auth_dir / _FOLDER / quote(str(address), safe="")


def read(file: Path) -> str:
    """Empty where there is none. Raises Refused."""
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except FileNotFoundError:
        return ""
    except OSError as why:
        raise Refused(f"the token file {file} cannot be read: {why.strerror}") from None


def keep(file: Path, token: str) -> None:
    """Replace the file atomically, with mode 0600. Raises Refused."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomic(file, token + "\n")
    except OSError as why:
        raise Refused(f"{file} cannot be written: {why.strerror}") from None


def forget(file: Path) -> bool:
    """Whether there was one. Raises Refused."""
    try:
        file.unlink()
    except FileNotFoundError:
        return False
    except OSError as why:
        raise Refused(f"{file} cannot be removed: {why.strerror}") from None
    return True
