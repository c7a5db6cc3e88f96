"""The password: scrypt, by Werkzeug."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from werkzeug.security import check_password_hash, generate_password_hash

from forgather_units.auth.secret_file import SecretFile, write_secret
from forgather_units.domain.errors import Refused

_LENGTHS: Final = range(8, 1025)


def _method() -> str:
    """scrypt; Werkzeug before 2.3 (Debian 12's) lacks it, and gets PBKDF2 with OWASP's number of rounds."""
    try:
        generate_password_hash("probe", method="scrypt:2:1:1")
    except ValueError:
        return "pbkdf2:sha256:600000"
    return "scrypt" if hasattr(hashlib, "scrypt") else "pbkdf2:sha256:600000"


class Password:
    """At most one, as a hash in a file."""

    def __init__(self, file: Path) -> None:
        self._hash = SecretFile(file)

    @property
    def is_set(self) -> bool:
        return bool(self._hash.read())

    @property
    def fingerprint(self) -> str:
        """Changes with the password; says nothing about it."""
        return self._hash.read()

    def matches(self, password: str) -> bool:
        """Takes some tens of milliseconds, on purpose."""
        stored = self._hash.read()
        return bool(stored) and len(password) in _LENGTHS and check_password_hash(stored, password)

    def set(self, password: str) -> None:
        """Raises Refused for one that is too short or too long."""
        if len(password) not in _LENGTHS:
            raise Refused(f"a password has {_LENGTHS[0]} to {_LENGTHS[-1]} characters", field="password")
        write_secret(self._hash.file, generate_password_hash(password, method=_method()) + "\n")
