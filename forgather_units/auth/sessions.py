"""Sessions without a table: a signed cookie whose key depends on the token and the password.

Sessions survive a restart of the server, and a change of the token or the password ends them. A revoked one is stored
until it would have expired.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Final

from itsdangerous import BadSignature, TimestampSigner

from forgather_units.auth.secret_file import SecretFile, private_folder, write_secret

MAX_AGE: Final = 30 * 24 * 3600
"""Seconds."""
TICKET_AGE: Final = 15 * 60
"""Seconds for which a personal sign-in link is valid."""

_MAX_CACHED: Final = 256
# `<32 hex digits>`, and the hex-encoded account name if the session belongs to a person.
_SESSION: Final = re.compile(r"[0-9a-f]{32}(?:-([0-9a-f]*))?")
_TICKET: Final = re.compile(r"login-([0-9a-f]*)-[0-9a-f]{32}")


def is_ticket(text: str) -> bool:
    """Whether `text` has the form of a signed ticket."""
    return _TICKET.fullmatch(text.partition(".")[0]) is not None


class _Signer(TimestampSigner):
    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        # The key is derived already, and this runs for each request.
        super().__init__(key, key_derivation="none", digest_method=hashlib.sha256)
        self._clock = clock
        # lru_cache does not store exceptions, so invalid cookies cannot fill it.
        self._cached_unsign = lru_cache(maxsize=_MAX_CACHED)(self._unsign)

    def get_timestamp(self) -> int:
        return int(self._clock())

    def signed(self, text: str, max_age: int) -> str | None:
        """The signed value, if it was signed here in the last `max_age` seconds. The signature check is cached."""
        try:
            name, signed_at = self._cached_unsign(text)
        except (BadSignature, UnicodeError):
            return None
        return name if 0 <= self.get_timestamp() - signed_at <= max_age else None

    def _unsign(self, text: str) -> tuple[str, float]:
        value, signed_at = self.unsign(text, return_timestamp=True)
        return value.decode("ascii"), signed_at.timestamp()


class Sessions:
    """Signs, checks and revokes. `bound_to` returns the secrets that sessions depend on; `clock`: seconds since 1970.

    Every method raises Unavailable if the folder cannot be used.
    """

    def __init__(
        self, folder: Path, bound_to: Callable[[], tuple[str, ...]], clock: Callable[[], float] = time.time
    ) -> None:
        self._folder = folder
        self._key = SecretFile(folder / "session_key")
        self._revoked = SecretFile(folder / "revoked_sessions")
        self._bound_to = bound_to
        self._clock = clock
        self._signer_of: tuple[tuple[str, ...], _Signer] | None = None

    def new(self, person: str = "") -> str:
        """The value of a cookie: letters, digits, `_`, `-` and dots. `person`: the account it belongs to."""
        bound = f"-{_to_hex(person)}" if person else ""
        return self._signer().sign(f"{secrets.token_hex(16)}{bound}").decode("ascii")

    def ticket(self, person: str) -> str:
        """A ticket that signs `person` in once, within TICKET_AGE; the same characters."""
        return self._signer().sign(f"login-{_to_hex(person)}-{secrets.token_hex(16)}").decode("ascii")

    def redeem(self, ticket: str) -> str | None:
        """Use up a ticket and return its account; None if it is invalid or used."""
        name = self._signer().signed(ticket, TICKET_AGE)
        parts = _TICKET.fullmatch(name) if name is not None else None
        if name is None or parts is None:
            return None
        with self._locked():
            if name in self._revoked.read():
                return None
            self._note_revoked(name)
        return bytes.fromhex(parts[1]).decode()

    def name_in(self, cookie: str) -> str | None:
        """The account of a valid session, empty for the server's owner; None if it is invalid."""
        name = self._name(cookie)
        if name is None or name in self._revoked.read():
            return None
        return bytes.fromhex((_SESSION.fullmatch(name) or [name, ""])[1] or "").decode()

    def is_own(self, cookie: str) -> bool:
        """Whether this server signed it and it has not expired; it may be revoked."""
        return self._name(cookie) is not None

    def revoke(self, cookie: str) -> None:
        """Revoke it, for this server and later ones."""
        name = self._name(cookie)
        if name is None:
            return
        with self._locked():
            self._note_revoked(name)

    def _note_revoked(self, name: str) -> None:
        now = int(self._clock())
        lines = [line for line in self._revoked.read().splitlines() if _expiry(line) > now]
        write_secret(self._revoked.file, "\n".join([*lines, f"{now + MAX_AGE} {name}"]) + "\n")

    def _name(self, cookie: str) -> str | None:
        name = self._signer().signed(cookie, MAX_AGE)
        return name if name is not None and _SESSION.fullmatch(name) else None

    def _signer(self) -> _Signer:
        # A damaged key file only ends the sessions, since the key includes the token.
        bound = (self._key.ensure(lambda: secrets.token_hex(32)), *self._bound_to())
        known = self._signer_of
        if known is None or known[0] != bound:
            key = hashlib.sha256("\0".join(("forgather-session", *bound)).encode()).digest()
            known = self._signer_of = (bound, _Signer(key, self._clock))
        return known[1]

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Lock out other threads, and other servers on the same folder."""
        private_folder(self._folder)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _to_hex(name: str) -> str:
    return name.encode().hex()


def _expiry(line: str) -> int:
    """When a revoked session would have expired; 0 for an invalid line."""
    word = line.partition(" ")[0]
    return int(word) if word.isdecimal() else 0
