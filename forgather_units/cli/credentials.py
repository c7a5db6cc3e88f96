"""Where the server is and which token opens it: flag, environment, settings, in this order."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from forgather_units.domain.errors import Refused
from forgather_units.settings.settings import Settings, load

SHARED_SOCKET: Final = "/run/forgather/server.sock"
"""Where the server of a shared host answers its members, without a token."""
UNIX: Final = "unix:"

_URL: Final = "FORGATHER_SERVER_URL"
_TOKEN: Final = "FORGATHER_SERVER_TOKEN"  # noqa: S105 - a variable's name
# A server that listens on all addresses is reached on the loopback.
_REACHED_AT: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - said, not bound


@dataclass(frozen=True, slots=True)
class Token:
    """`value` is empty where there is none; `source` says to a person where it comes from, or should."""

    value: str
    source: str


def server_url(flag: str | None) -> str:
    """The server's base URL, without a slash at its end, or `unix:` and a path. Raises Refused for what is neither.

    Where nobody names one: this user's own, else that of this host, if they may use it.
    """
    given = flag or os.environ.get(_URL)
    if not given:
        settings = load(None, {})
        if not token_file(settings).exists() and os.access(SHARED_SOCKET, os.R_OK | os.W_OK):
            return f"{UNIX}{SHARED_SOCKET}"
        host = _REACHED_AT.get(settings.host, settings.host)
        return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"
    if given.startswith(f"{UNIX}/"):
        return given
    try:
        parts = urlsplit(given)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable or parts.query or parts.fragment or "@" in parts.netloc:
        source = "--server" if flag else f"${_URL}"
        raise Refused(
            f"{source} is not the address of a server: {given!r}",
            hint="http://HOST:PORT, without a token, or unix:/PATH",
        )
    return given.rstrip("/")


def server_token(url: str) -> Token:
    """$FORGATHER_SERVER_TOKEN, else the file that the server keeps. Raises Refused for one that is none.

    Over a unix socket the kernel says who asks.
    """
    if given := os.environ.get(_TOKEN, "").strip():
        return _checked(Token(given, f"${_TOKEN}"))
    if url.startswith(UNIX):
        return Token("", f"the group of {url.removeprefix(UNIX)}")
    return _checked(_of_file(load(None, {})))


def token_file(settings: Settings) -> Path:
    """Where a server of this user keeps its token."""
    return settings.auth_dir / "auth_token"


def _of_file(settings: Settings) -> Token:
    file = token_file(settings)
    try:
        return Token(file.read_text(encoding="utf-8", errors="replace").strip(), str(file))
    except FileNotFoundError:
        return Token("", str(file))
    except OSError as why:
        raise Refused(f"the token file {file} cannot be read: {why.strerror}") from None


def _checked(token: Token) -> Token:
    # Anything else could not go into a header.
    if not (token.value.isascii() and token.value.replace(" ", "\0").isprintable()) and token.value:
        raise Refused(f"{token.source} does not hold a token")
    return token
