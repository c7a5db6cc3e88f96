"""The one that knows who may: token, password and sessions behind one face."""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from forgather_units.auth.credentials import Presented, presented
from forgather_units.auth.password import Password
from forgather_units.auth.secret_file import SecretFile, write_secret
from forgather_units.auth.sessions import Sessions
from forgather_units.auth.throttle import Throttle
from forgather_units.domain.errors import ForgatherError, Refused, Unavailable

_TOKEN_FORM: Final = re.compile(r"[0-9a-f]{64}")


class Denied(ForgatherError):
    """Wrong credentials (HTTP 401)."""


class TooManyAttempts(ForgatherError):
    """Too many failed sign-ins (HTTP 429); `seconds` until the next one may be tried."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"too many failed attempts: try again in {seconds:.0f} s")
        self.seconds = seconds


class How(StrEnum):
    """By what a request proved that it may."""

    BEARER = "bearer"
    COOKIE = "cookie"
    QUERY = "query"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who may."""

    how: How


class Authority:
    """Reads its folder anew whenever a file there changes: a rotated token holds at once. Raises Unavailable."""

    def __init__(self, folder: Path, *, enabled: bool = True) -> None:
        self.enabled = enabled
        self._token = SecretFile(folder / "auth_token")
        self._password = Password(folder / "password_hash")
        self._sessions = Sessions(folder, lambda: f"{self.token}\0{self._password.fingerprint}")
        self._throttle = Throttle()
        if enabled:
            # Said at the start rather than at the first request.
            _ = self.token

    @property
    def token(self) -> str:
        """64 hex digits; made if there is none."""
        token = self._token.ensure(secrets.token_hex(32))
        if not _TOKEN_FORM.fullmatch(token):
            raise Unavailable(
                f"{self._token.file} does not hold a token (64 hex digits)",
                hint="forgather server --regen-token makes a new one",
            )
        return token

    @property
    def token_file(self) -> Path:
        return self._token.file

    @property
    def has_password(self) -> bool:
        return self._password.is_set

    def login_url(self, address: str) -> str:
        """What a person opens to sign in."""
        return f"{address}/?token={self.token}" if self.enabled else f"{address}/"

    def identify(self, environ: dict[str, Any]) -> Identity | None:
        """Who sends this request; None for one who may not. What is said outright counts before a cookie."""
        if not self.enabled:
            return Identity(How.DISABLED)
        shown: Presented = presented(environ)
        if shown.bearer is not None:
            return Identity(How.BEARER) if self._is_token(shown.bearer) else None
        if shown.query is not None:
            return Identity(How.QUERY) if self._is_token(shown.query) else None
        # A viewer's page could set a second cookie of our name for its own path: one of them being ours is enough.
        return Identity(How.COOKIE) if any(map(self._sessions.is_valid, shown.cookies)) else None

    def sign_in(self, client: str, *, token: str | None = None, password: str | None = None) -> str:
        """The session's cookie value. Raises Denied, TooManyAttempts, Refused."""
        if (token is None) == (password is None):
            raise Refused("give a token or a password")
        self._attempt(client, token is not None and self._is_token(token), password)
        return self._sessions.new()

    def set_password(self, client: str, new: str, current: str | None, *, by: Identity) -> str:
        """Set or change it; every session ends, and the value of a new one is returned.

        The present one is asked for if there is one, unless the caller holds the token (which can do all anyway).
        """
        if self._password.is_set and by.how not in (How.BEARER, How.QUERY):
            if current is None:
                raise Refused("current_password is missing", field="current_password")
            self._attempt(client, False, current)
        self._password.set(new)
        return self._sessions.new()

    def sign_out(self, environ: dict[str, Any]) -> None:
        """End the session that the request shows."""
        for cookie in presented(environ).cookies:
            self._sessions.revoke(cookie)

    def regenerate_token(self) -> None:
        """A new token; the old one and every session end."""
        write_secret(self._token.file, secrets.token_hex(32) + "\n")

    def _attempt(self, client: str, already: bool, password: str | None) -> None:
        if seconds := self._throttle.wait(client):
            raise TooManyAttempts(seconds)
        if already or (password is not None and self._password.matches(password)):
            self._throttle.succeeded(client)
            return
        self._throttle.failed(client)
        raise Denied("wrong token" if password is None else "wrong password")

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode(), self.token.encode())
