"""The one that knows who may: token, password and sessions behind one face."""

from __future__ import annotations

import hmac
import logging
import math
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from forgather_units.auth.credentials import Presented, presented
from forgather_units.auth.password import Password
from forgather_units.auth.people import OWNER, People, Person
from forgather_units.auth.secret_file import SecretFile, private_folder, write_secret
from forgather_units.auth.sessions import Sessions, is_ticket
from forgather_units.auth.throttle import Throttle
from forgather_units.domain.errors import Forbidden, ForgatherError, Refused, Unavailable

log = logging.getLogger(__name__)

_TOKEN_FORM: Final = re.compile(r"[0-9a-f]{64}")


def is_token(text: str) -> bool:
    """Whether it has the form of one, or of a ticket: no password."""
    return _TOKEN_FORM.fullmatch(text) is not None or is_ticket(text)


class Denied(ForgatherError):
    """Wrong credentials (HTTP 401)."""


class TooManyAttempts(ForgatherError):
    """Too many failed sign-ins (HTTP 429); whole `seconds` until the next one may be tried."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        super().__init__(f"too many failed attempts: try again in {self.seconds} s")


class How(StrEnum):
    """By what a request proved that it may."""

    BEARER = "bearer"
    COOKIE = "cookie"
    QUERY = "query"
    PEER = "peer"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody who may."""

    how: How
    person: Person = OWNER


class Authority:
    """Reads its folder anew whenever a file there changes: a rotated token holds at once. Raises Unavailable."""

    def __init__(
        self,
        folder: Path,
        *,
        enabled: bool = True,
        clock: Callable[[], float] = time.time,
        throttle: Throttle | None = None,
        people: People | None = None,
    ) -> None:
        self.enabled = enabled
        self._token = SecretFile(folder / "auth_token")
        self._password = Password(folder / "password_hash")
        self._sessions = Sessions(folder, lambda: (self.token, self._password.fingerprint), clock)
        self._throttle = throttle or Throttle()
        self._people = people or People()
        if enabled:
            # Made, or complained of, at the start rather than at the first request. What it holds is only looked at
            # when it is asked for, so that a damaged token can still be replaced (`regenerate_token`).
            private_folder(folder)
            self._token.ensure(_new_token)

    @property
    def token(self) -> str:
        """64 hex digits; made if there is none."""
        token = self._token.ensure(_new_token)
        if not _TOKEN_FORM.fullmatch(token):
            raise Unavailable(
                f"{self._token.file} does not hold a token (64 hex digits)",
                hint="delete it, or start with `forgather server --regen-token`: both make a new one",
            )
        return token

    @property
    def token_file(self) -> Path:
        return self._token.file

    @property
    def has_password(self) -> bool:
        return self._password.is_set

    def login_url(self, address: str) -> str:
        """What a person opens to sign in. An address that is a socket's path stays as it is."""
        if not address.startswith(("http://", "https://")):
            return address
        return f"{address}/?token={self.token}" if self.enabled else f"{address}/"

    def login_url_of(self, address: str, person: Person) -> str:
        """The same for one person, once, and for some minutes."""
        return f"{address}/?token={self._sessions.ticket(person.name)}" if self.enabled else f"{address}/"

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
        for session in shown.sessions:
            if (person := self._person_of(session)) is not None:
                return Identity(How.COOKIE, person)
        person = self._people.by_uid(shown.peer) if shown.peer is not None else None
        return Identity(How.PEER, person) if person is not None else None

    def sign_in(self, client: str, *, token: str | None = None, password: str | None = None) -> str:
        """The session's cookie value. `client` is an address. Raises Denied, TooManyAttempts, Refused."""
        if token is not None and password is None:
            if (name := self._sessions.redeem(token)) is not None and self._people.by_name(name) is not None:
                log.info("%s signed in from %s", name, client)
                return self._sessions.new(name)
            self._check_token(client, token)
        elif password is not None and token is None:
            self._check_password(client, password)
        else:
            raise Refused("give a token or a password")
        return self._sessions.new()

    def set_password(self, client: str, new: str, current: str | None, *, by: Identity) -> str:
        """Set or change it; every session ends, and the value of a new one is returned.

        The present one is asked for if there is one, unless the caller shows the token (which can do all anyway).
        Raises Denied, TooManyAttempts, Refused.
        """
        if not self.enabled:
            # Else anybody could leave a password behind for the day on which the gate is closed again.
            raise Refused("authentication is turned off: nobody can set a password")
        if not by.person.is_admin:
            # Whoever knows it is the server's owner.
            raise Forbidden("only an admin of this server sets its password")
        if self._password.is_set and by.how not in (How.BEARER, How.QUERY):
            if current is None:
                raise Refused("current_password is missing", field="current_password")
            self._check_password(client, current)
        self._password.set(new)
        return self._sessions.new()

    def sign_out(self, environ: dict[str, Any]) -> None:
        """End the sessions that the request shows."""
        for session in presented(environ).sessions:
            self._sessions.revoke(session)

    def of_others(self, environ: dict[str, Any]) -> tuple[str, ...]:
        """The sessions that the request shows and that are none of this server's."""
        return tuple(each for each in presented(environ).sessions if not self._sessions.is_ours(each))

    def regenerate_token(self) -> None:
        """A new token; the old one and every session end."""
        write_secret(self._token.file, _new_token() + "\n")

    def _person_of(self, session: str) -> Person | None:
        name = self._sessions.name_in(session)
        if name is None:
            return None
        return self._people.by_name(name) if name else OWNER

    def _check_token(self, client: str, token: str) -> None:
        # The right one is let in at any time: nobody guesses it, and whoever guesses passwords from the owner's
        # address must not lock the owner out.
        if self._is_token(token):
            self._throttle.succeeded(client)
            return
        self._admit(client)
        raise Denied("wrong token")

    def _check_password(self, client: str, password: str) -> None:
        self._admit(client)
        if not self._password.is_set:
            raise Denied("no password has been set: sign in with the token")
        if not self._password.matches(password):
            log.warning("a wrong password from %s", client)
            raise Denied("wrong password")
        self._throttle.succeeded(client)

    def _admit(self, client: str) -> None:
        if seconds := self._throttle.admit(client):
            raise TooManyAttempts(seconds)

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), self.token.encode())


def _new_token() -> str:
    return secrets.token_hex(32)
