"""The password: scrypt, in Werkzeug's format `scrypt:N:r:p$salt$hash`.

Implemented here because Debian 12's Werkzeug 2.2 lacks scrypt; a newer one reads the same file. Forgather's own server
stores PBKDF2 in the same file, `pbkdf2_sha256$iterations$salt$hash` with salt and hash in hexadecimal: also accepted.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import threading
import unicodedata
from pathlib import Path
from typing import Final

from forgather_units.auth.secret_file import SecretFile, write_secret
from forgather_units.domain.errors import Refused, Unavailable

_LENGTHS: Final = range(4, 1025)
# Werkzeug's defaults: 32 MiB and some tens of milliseconds for each guess.
_N, _R, _P = 2**15, 8, 1
_FORM: Final = re.compile(r"scrypt:(\d{1,8}):(\d{1,3}):(\d{1,3})\$([^$]+)\$([0-9a-f]{128})")
# Up to ten million iterations, which take some seconds; Forgather has 600,000.
_FORGATHERS: Final = re.compile(r"pbkdf2_sha256\$([1-9]\d{0,6})\$((?:[0-9a-fA-F]{2})+)\$([0-9a-fA-F]{64})")


class Password:
    """The optional password, stored as a hash in a file."""

    def __init__(self, file: Path) -> None:
        self._hash = SecretFile(file)
        # One check at a time: 64 threads at once would use two gigabytes.
        self._one_at_a_time = threading.Lock()

    @property
    def is_set(self) -> bool:
        return bool(self._hash.read())

    @property
    def fingerprint(self) -> str:
        """Changes with the password."""
        return self._hash.read()

    def matches(self, password: str) -> bool:
        """Takes tens of milliseconds on purpose. Raises Unavailable if the file is damaged."""
        stored = self._hash.read()
        if not stored or not 0 < len(password) <= _LENGTHS[-1]:
            return False
        if parts := _FORGATHERS.fullmatch(stored):
            with self._one_at_a_time:
                return _is_forgathers(password, int(parts[1]), bytes.fromhex(parts[2]), bytes.fromhex(parts[3]))
        parts = _FORM.fullmatch(stored)
        if parts is None:
            raise Unavailable(
                f"{self._hash.file} contains no password hash", hint="sign in with the token and delete it"
            )
        n, r, p = (int(part) for part in parts.groups()[:3])
        with self._one_at_a_time:
            try:
                digest = _scrypt(password, parts[4], n, r, p)
            except ValueError:
                raise Unavailable(f"{self._hash.file} has unusable scrypt parameters") from None
        return hmac.compare_digest(digest, parts[5])

    def set(self, password: str) -> None:
        """Raises Refused if it is too short or too long, Unavailable if it cannot be stored."""
        if len(password) not in _LENGTHS:
            raise Refused(f"a password has {_LENGTHS[0]} to {_LENGTHS[-1]} characters", field="password")
        salt = secrets.token_hex(16)
        with self._one_at_a_time:
            digest = _scrypt(password, salt, _N, _R, _P)
        write_secret(self._hash.file, f"scrypt:{_N}:{_R}:{_P}${salt}${digest}\n")


def _is_forgathers(password: str, iterations: int, salt: bytes, digest: bytes) -> bool:
    """Forgather hashes the letters as they were typed, and its shortest password has four."""
    letters = password.encode("utf-8", "surrogatepass")
    return hmac.compare_digest(hashlib.pbkdf2_hmac("sha256", letters, salt, iterations, len(digest)), digest)


def _scrypt(password: str, salt: str, n: int, r: int, p: int) -> str:
    # One keyboard sends é as one code point, another as two; both must match.
    letters = unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
    return hashlib.scrypt(letters, salt=salt.encode(), n=n, r=r, p=p, maxmem=132 * n * r * p).hex()
