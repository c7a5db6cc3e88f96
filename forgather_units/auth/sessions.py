"""Sessions without a table: a signed cookie whose key hangs on the token and the password.

So they outlive a restart of the server and die with a change of either. A signed-out one is remembered until it would
have ended by itself.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from itsdangerous import BadSignature, URLSafeTimedSerializer

from forgather_units.auth.secret_file import SecretFile, write_secret

MAX_AGE: Final = 30 * 24 * 3600
"""Seconds."""


class Sessions:
    """Signs, checks and revokes. `bound_to` gives the secrets that a session hangs on."""

    def __init__(self, folder: Path, bound_to: Callable[[], str]) -> None:
        self._key = SecretFile(folder / "session_key")
        self._revoked = SecretFile(folder / "revoked_sessions")
        self._bound_to = bound_to
        self._lock = threading.Lock()

    def new(self) -> str:
        """The value of a cookie."""
        return self._signer().dumps(secrets.token_hex(16))

    def is_valid(self, cookie: str) -> bool:
        name = self._name(cookie)
        return name is not None and name not in self._revoked.read()

    def revoke(self, cookie: str) -> None:
        """Sign it out, for this server and all later ones."""
        name = self._name(cookie)
        if name is None:
            return
        with self._lock:
            now = int(time.time())
            lines = [line for line in self._revoked.read().splitlines() if int(line.split()[0]) > now]
            write_secret(self._revoked.file, "\n".join([*lines, f"{now + MAX_AGE} {name}"]) + "\n")

    def _name(self, cookie: str) -> str | None:
        try:
            return str(self._signer().loads(cookie, max_age=MAX_AGE))
        except BadSignature:
            return None

    def _signer(self) -> URLSafeTimedSerializer:
        key = self._key.ensure(secrets.token_hex(32))
        mixed = hashlib.sha256(f"{key}\0{self._bound_to()}".encode()).hexdigest()
        return URLSafeTimedSerializer(mixed, salt="forgather-session")
