"""Authentication facade: token, password, sessions."""

from __future__ import annotations

import hmac
import logging
import math
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from forgather_units.auth.admissions import Admissions
from forgather_units.auth.credentials import Presented, presented
from forgather_units.auth.password import Password
from forgather_units.auth.people import OWNER, People, Person
from forgather_units.auth.secret_file import SecretFile, private_folder, write_secret
from forgather_units.auth.sessions import Sessions, is_ticket
from forgather_units.auth.throttle import Throttle
from forgather_units.domain.errors import Forbidden, ForgatherError, Refused, Unavailable
from forgather_units.folders.watch import Watch

log = logging.getLogger(__name__)

_TOKEN_FORM: Final = re.compile(r"[0-9a-f]{64}")
# RFC 6750, 2.1
_BEARER_FORM: Final = re.compile(r"[A-Za-z0-9._~+/-]+=*")


def is_token(text: str) -> bool:
    """Whether `text` has the form of a token or a ticket, and so is no password."""
    return _TOKEN_FORM.fullmatch(text) is not None or is_ticket(text)


class Denied(ForgatherError):
    """Wrong credentials (HTTP 401)."""


class TooManyAttempts(ForgatherError):
    """Too many wrong passwords (HTTP 429); the next attempt is possible after `seconds`, a whole number."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        # Of all users behind the address: this one may have typed a single wrong password, or the right one.
        super().__init__(f"the server accepts the next password in {self.seconds} s, after several wrong ones")


class CredentialKind(StrEnum):
    """The credential that authenticated a request."""

    BEARER = "bearer"
    COOKIE = "cookie"
    QUERY = "query"
    PEER = "peer"
    PROXY = "proxy"
    """A trusted proxy has signed the caller in."""
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Identity:
    """An authenticated caller."""

    credential: CredentialKind
    person: Person = OWNER


class Authority:
    """Reads its folder again when a file changes, so a rotated token is valid at once. Methods raise Unavailable."""

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
        self.admissions = Admissions(self._account_of)
        """Open responses, to be ended when their credentials are withdrawn."""
        self._folder = folder
        self._token = SecretFile(folder / "auth_token")
        self._password = Password(folder / "password_hash")
        self._sessions = Sessions(folder, lambda: (self.token, self._password.fingerprint), clock)
        self._throttle = throttle or Throttle()
        self._people = people or People()
        if enabled:
            # Created, or reported as unusable, at the start rather than at the first request. The content is only read
            # on use, so that a damaged token can still be replaced (`regenerate_token`).
            private_folder(folder)
            self._token.ensure(_new_token)

    @property
    def token(self) -> str:
        """64 hex digits; created if there is none."""
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
        """The URL that signs a user in. Returns `address` if that is the path of a socket."""
        if not address.startswith(("http://", "https://")):
            return address
        return f"{address}/?token={self.token}" if self.enabled else f"{address}/"

    def personal_login_url(self, address: str, person: Person) -> str:
        """A URL that signs `person` in, once, within some minutes."""
        return f"{address}/?token={self._sessions.ticket(person.name)}" if self.enabled else f"{address}/"

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Inside the `with`, changes by other processes in the folder end open streams too."""
        watch = Watch(self.admissions.review, lambda path, is_folder: not is_folder)
        watch.on([str(self._folder)])
        try:
            yield
        finally:
            watch.stop()

    def identify(self, environ: dict[str, Any]) -> Identity | None:
        """The caller; None if not authenticated.

        A token takes precedence over the user whom a trusted proxy names, and that over a session: the proxy knows
        who uses the browser now. A bearer token of another program, which a proxy passes on, authenticates no request
        and invalidates no session.
        """
        return self._identify(presented(environ))

    def _account_of(self, credentials: Presented) -> str | None:
        identity = self._identify(credentials)
        return identity.person.name if identity is not None else None

    def _identify(self, credentials: Presented) -> Identity | None:
        if not self.enabled:
            return Identity(CredentialKind.DISABLED)
        has_foreign_bearer = credentials.bearer is not None and _is_foreign(credentials.bearer)
        if credentials.bearer is not None and not has_foreign_bearer:
            return Identity(CredentialKind.BEARER) if self._is_token(credentials.bearer) else None
        if credentials.query is not None:
            return Identity(CredentialKind.QUERY) if self._is_token(credentials.query) else None
        if credentials.user is not None and (person := self._people.signed_in_as(credentials.user)) is not None:
            return Identity(CredentialKind.PROXY, person)
        # A viewer's page could set a second cookie with our name for its own path: one valid session is enough.
        for session in credentials.sessions:
            if (person := self._person_of(session)) is not None:
                return Identity(CredentialKind.COOKIE, person)
        if credentials.peer is None or has_foreign_bearer:
            return None
        person = self._people.by_uid(credentials.peer)
        return Identity(CredentialKind.PEER, person) if person is not None else None

    def sign_in(self, client: str, *, token: str | None = None, password: str | None = None) -> str:
        """Returns the session's cookie value. `client` is an address. Raises Denied, TooManyAttempts, Refused."""
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
        """Set or change the password; ends all sessions and returns the cookie value of a new one.

        Requires the current password if there is one, unless the caller has authenticated with the token (which permits
        everything anyway). Raises Denied, TooManyAttempts, Refused.
        """
        if not self.enabled:
            # Otherwise anyone could set a password for the time when authentication is on again.
            raise Refused("authentication is turned off: a password cannot be set")
        if not by.person.is_admin:
            # The password authenticates as the server's owner.
            raise Forbidden("only an admin of this server sets its password")
        if self._password.is_set and by.credential not in (CredentialKind.BEARER, CredentialKind.QUERY):
            if current is None:
                raise Denied("current_password is missing", field="current_password")
            self._check_password(client, current)
        self._password.set(new)
        self.admissions.review()
        return self._sessions.new()

    def sign_out(self, environ: dict[str, Any]) -> None:
        """Revoke the sessions in the request."""
        for session in presented(environ).sessions:
            self._sessions.revoke(session)
        self.admissions.review()

    def foreign_sessions(self, environ: dict[str, Any]) -> tuple[str, ...]:
        """The sessions in the request that belong to other servers."""
        return tuple(each for each in presented(environ).sessions if not self._sessions.is_own(each))

    def regenerate_token(self) -> None:
        """Replace the token; ends all sessions."""
        write_secret(self._token.file, _new_token() + "\n")
        self.admissions.review()

    def _person_of(self, session: str) -> Person | None:
        name = self._sessions.name_in(session)
        if name is None:
            return None
        return self._people.by_name(name) if name else OWNER

    def _check_token(self, client: str, token: str) -> None:
        # Neither delayed nor counted: a token cannot be guessed, and an old link that is opened often is no attack.
        if not self._is_token(token):
            raise Denied("wrong token")
        self._throttle.succeeded(client)

    def _check_password(self, client: str, password: str) -> None:
        if not self._password.is_set:
            raise Denied("no password has been set: sign in with the token")
        if seconds := self._throttle.admit(client):
            raise TooManyAttempts(seconds)
        if not self._password.matches(password):
            log.warning("a wrong password from %s", client)
            raise Denied("wrong password")
        self._throttle.succeeded(client)

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "surrogatepass"), self.token.encode())


def _is_foreign(bearer: str) -> bool:
    """Whether it is a bearer token of another program, by its form."""
    return _BEARER_FORM.fullmatch(bearer) is not None and not is_token(bearer)


def _new_token() -> str:
    return secrets.token_hex(32)
