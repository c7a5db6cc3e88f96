"""The header in which a trusted proxy names the user whom it has signed in: the setting user_header."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from typing import Any, Final

from forgather_units.auth.credentials import FORWARDED_USER, FRONT_SIGN_IN
from forgather_units.domain.finding import Finding, Verdict

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

log = logging.getLogger(__name__)

_LONGEST: Final = 256
_LOOPBACKS: Final = (ipaddress.IPv4Network("127.0.0.0/8"), ipaddress.IPv6Network("::1/128"))
_TRUST: Final = "name the address from which the proxy connects in trusted_proxy"
_EVERY_ACCOUNT: Final = "trusted_proxy contains this machine: each account on it can name any user in that header"
_ONE_USER: Final = "with several users let the proxy run elsewhere, or close the port to the other accounts"


class UserHeader:
    """`name` is empty without the setting. `networks` are the trusted proxies. Thread-safe."""

    def __init__(self, name: str, networks: Iterable[Network]) -> None:
        self._name = name
        self._key = f"HTTP_{name.upper().replace('-', '_')}" if name else ""
        self._trusts_this_machine = any(
            network.version == loopback.version and network.overlaps(loopback)
            for network in networks
            for loopback in _LOOPBACKS
        )
        self._naming = ""
        self._stranger: Finding | None = None
        self._malformed: Finding | None = None

    def apply(self, environ: dict[str, Any], peer: str, *, is_believed: bool) -> None:
        """Remove the header; set FORWARDED_USER from it if it `is_believed`, as that of a trusted proxy at TCP."""
        if not self._key:
            return
        environ[FRONT_SIGN_IN] = True
        value = environ.pop(self._key, "")
        if not value:
            return
        if not is_believed:
            if self._stranger is None:
                self._stranger = self._ignored(f"{peer} sends it, which is no trusted proxy over TCP", _TRUST)
            return
        name, problem, fix = _name_in(value)
        if not problem:
            self._naming = peer
            environ[FORWARDED_USER] = name
        elif self._malformed is None:
            self._malformed = self._ignored(f"the trusted proxy {peer} sends {problem}", fix)

    def findings(self) -> list[Finding]:
        """Rows of the doctor's report; none without the setting."""
        if not self._name:
            return []
        rows = [self._malformed] if self._malformed else []
        # Anyone can send the header. It points to a wrong setting if no proxy names a user.
        if self._stranger and not self._naming:
            rows.append(self._stranger)
        if self._trusts_this_machine:
            rows.append(Finding(self._row, Verdict.WARN, _EVERY_ACCOUNT, _ONE_USER))
        if rows:
            return rows
        detail = f"{self._naming} names users" if self._naming else "no request has had it yet"
        return [Finding(self._row, Verdict.OK, f"{detail}; believed from trusted proxies alone")]

    @property
    def _row(self) -> str:
        return f"sign-in by {self._name}"

    def _ignored(self, detail: str, fix: str) -> Finding:
        log.warning("ignored %s: %s: %s", self._name, detail, fix)
        return Finding(self._row, Verdict.WARN, f"{detail}: ignored", fix)


def _name_in(value: str) -> tuple[str, str, str]:
    """The name in the header's value, or a problem and its fix."""
    if "," in value:
        # The HTTP parser joins several headers by commas, as proxies do that append their value to the client's.
        return "", "it twice, or with a comma", "have the proxy replace the header of the client, not append to it"
    try:
        name = value.encode("latin-1").decode()
    except UnicodeDecodeError:
        return "", "a name that is not UTF-8", "have the proxy send the account's name in UTF-8"
    if len(name) > _LONGEST or not name.isprintable():
        return "", "a name that no account can have", "have the proxy send the account's name"
    return name, "", ""
