"""Sessions without a table: a signed cookie whose key hangs on the token and the password.

So they outlive a restart of the server and die with a change of either. A signed-out one is remembered until it would
have ended by itself.
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
"""Seconds in which a sign-in address that was made for a person can be opened."""

_MOST_KNOWN: Final = 256
# `<32 hex digits>`, and the account's name in hex where the session is bound to a person.
_SESSION: Final = re.compile(r"[0-9a-f]{32}(?:-([0-9a-f]*))?")
_TICKET: Final = re.compile(r"login-([0-9a-f]*)-[0-9a-f]{32}")


def is_ticket(text: str) -> bool:
    """Whether it has the form of a signed ticket."""
    return _TICKET.fullmatch(text.partition(".")[0]) is not None


class _Signer(TimestampSigner):
    def __init__(self, key: bytes, clock: Callable[[], float]) -> None:
        # The key is a derived one already, and this runs at each request.
        super().__init__(key, key_derivation="none", digest_method=hashlib.sha256)
        self._clock = clock
        # What raises is not remembered, so that nobody fills it with what is not sound.
        self._unsigned = lru_cache(maxsize=_MOST_KNOWN)(self._unsign)

    def get_timestamp(self) -> int:
        return int(self._clock())

    def signed(self, text: str, max_age: int) -> str | None:
        """What `text` says, if it was signed here in the last `max_age` seconds. The signature of one that is shown
        with each click is checked once."""
        try:
            name, signed_at = self._unsigned(text)
        except (BadSignature, UnicodeError):
            return None
        return name if 0 <= self.get_timestamp() - signed_at <= max_age else None

    def _unsign(self, text: str) -> tuple[str, float]:
        value, signed_at = self.unsign(text, return_timestamp=True)
        return value.decode("ascii"), signed_at.timestamp()


class Sessions:
    """Signs, checks and revokes. `bound_to` gives the secrets that a session hangs on; `clock`: seconds since 1970.

    Every method raises Unavailable where the folder cannot be used.
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
        """The value of a cookie: letters, digits, `_`, `-` and dots. `person`: to whose account it is bound."""
        bound = f"-{_written(person)}" if person else ""
        return self._signer().sign(f"{secrets.token_hex(16)}{bound}").decode("ascii")

    def ticket(self, person: str) -> str:
        """What signs `person` in, once, within TICKET_AGE; of the same letters."""
        return self._signer().sign(f"login-{_written(person)}-{secrets.token_hex(16)}").decode("ascii")

    def redeem(self, ticket: str) -> str | None:
        """Whose ticket it is, and it is none any more; None for what is no ticket (any more)."""
        name = self._signer().signed(ticket, TICKET_AGE)
        parts = _TICKET.fullmatch(name) if name is not None else None
        if name is None or parts is None:
            return None
        with self._alone():
            if name in self._revoked.read():
                return None
            self._note_revoked(name)
        return bytes.fromhex(parts[1]).decode()

    def name_in(self, cookie: str) -> str | None:
        """To whom a valid session is bound, empty for one of the server's owner; None for one that is not valid."""
        name = self._name(cookie)
        if name is None or name in self._revoked.read():
            return None
        return bytes.fromhex((_SESSION.fullmatch(name) or [name, ""])[1] or "").decode()

    def is_ours(self, cookie: str) -> bool:
        """Whether it was made here and has not ended by itself; it may have been revoked."""
        return self._name(cookie) is not None

    def revoke(self, cookie: str) -> None:
        """Sign it out, for this server and all later ones."""
        name = self._name(cookie)
        if name is None:
            return
        with self._alone():
            self._note_revoked(name)

    def _note_revoked(self, name: str) -> None:
        now = int(self._clock())
        lines = [line for line in self._revoked.read().splitlines() if _ends(line) > now]
        write_secret(self._revoked.file, "\n".join([*lines, f"{now + MAX_AGE} {name}"]) + "\n")

    def _name(self, cookie: str) -> str | None:
        name = self._signer().signed(cookie, MAX_AGE)
        return name if name is not None and _SESSION.fullmatch(name) else None

    def _signer(self) -> _Signer:
        # The key file may be damaged: that ends the sessions and no more, since the token is in the key too.
        bound = (self._key.ensure(lambda: secrets.token_hex(32)), *self._bound_to())
        known = self._signer_of
        if known is None or known[0] != bound:
            key = hashlib.sha256("\0".join(("forgather-session", *bound)).encode()).digest()
            known = self._signer_of = (bound, _Signer(key, self._clock))
        return known[1]

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Against the other threads, and against another server on the same folder."""
        private_folder(self._folder)
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _written(name: str) -> str:
    return name.encode().hex()


def _ends(line: str) -> int:
    """When a revoked session would have ended; a line that is none of ours never counts."""
    word = line.partition(" ")[0]
    return int(word) if word.isdecimal() else 0
