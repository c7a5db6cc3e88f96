"""Address and token of the server: from the flag, the environment or the settings, in this order.

A token is sent only to the address that it belongs to. Otherwise another server, or a program on a port that a server
no longer uses, would receive it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from forgather_units.cli.connection import kept_tokens
from forgather_units.cli.connection.server_address import Address, address_of, is_loopback
from forgather_units.domain.errors import Refused
from forgather_units.domain.listening import connectable
from forgather_units.host.listeners import account_of, listening_uids
from forgather_units.settings.settings import Loaded, Settings, load, load_all

SHARED_SOCKET: Final = "/run/forgather/server.sock"
"""Where the server of a shared host answers its members, without a token."""
UNIX: Final = "unix:"

_URL: Final = "FORGATHER_SERVER_URL"
_TOKEN: Final = "FORGATHER_SERVER_TOKEN"  # noqa: S105 - a variable's name


@dataclass(frozen=True, slots=True)
class Token:
    """`value` is empty where there is none; `source` says to a person where it comes from, or should."""

    value: str
    source: str
    hint: str = ""
    """Hint for a missing token."""


def server_url(flag: str | None) -> str:
    """The server's base URL, without a slash at its end, or `unix:` and a path. Raises Refused for anything else.

    Default: this user's own server, else the host's if the user may use it.
    """
    given = flag or os.environ.get(_URL)
    if not given:
        loaded = load_all(None, {})
        if not token_file(loaded.settings).exists() and os.access(SHARED_SOCKET, os.R_OK | os.W_OK):
            return f"{UNIX}{SHARED_SOCKET}"
        return _own_url(loaded)
    return _on_this_machine(checked_url(given, "--server" if flag else f"${_URL}"))


def is_server_named(flag: str | None) -> bool:
    """Whether the flag or the environment names the server, and not the settings."""
    return bool(flag or os.environ.get(_URL))


def own_server_url() -> str:
    """The base URL of this user's own server, whatever the environment says."""
    return _own_url(load_all(None, {}))


def _own_url(loaded: Loaded) -> str:
    """Where this user's server listens: as the settings say, or where it last did if they say nothing: it takes the
    next port if another program has the usual one."""
    says_nothing = {loaded.sources["host"], loaded.sources["port"]} == {"default"}
    recorded = kept_tokens.read(loaded.settings.served_at_file) if says_nothing else ""
    return recorded if address_of(recorded) is not None else _settings_url(loaded.settings)


def checked_url(given: str, source: str) -> str:
    """The same for an address that `source` names. Raises Refused."""
    if given.startswith(f"{UNIX}/"):
        return given
    address = address_of(given)
    parts = urlsplit(given if address else "")
    if address is None or parts.query or parts.fragment or "@" in parts.netloc:
        raise Refused(
            f"{source} is not the address of a server: {given!r}",
            hint="http://HOST:PORT, without a token, or unix:/PATH",
        )
    return given.rstrip("/")


def _on_this_machine(url: str) -> str:
    """The same, with `localhost` replaced by the numeric address of this user's own server: `localhost` is also ::1,
    where another user may listen on the same port."""
    address = address_of(url)
    if address is None or address.host != "localhost":
        return url
    for own in sorted(own_addresses(load(None, {})), key=str):
        if (own.scheme, own.port) == (address.scheme, address.port) and is_loopback(own.host):
            return f"{own}{urlsplit(url).path}"
    return url


def server_token(url: str) -> Token:
    """The token for the server at `url`: $FORGATHER_SERVER_TOKEN, else the one that `forgather login` stored for it,
    else, for this user's own server, the server's token file. Raises Refused for a malformed one.

    Over a unix socket the kernel identifies the client. If $FORGATHER_SERVER_URL is set, $FORGATHER_SERVER_TOKEN is for
    that server and is sent to no other.
    """
    given, named = os.environ.get(_TOKEN, "").strip(), os.environ.get(_URL, "")
    if given and (not named or _is_same(named, url)):
        return _checked(Token(given, f"${_TOKEN}"))
    address = address_of(url)
    if address is None:
        return Token("", f"the group of {url.removeprefix(UNIX)}")
    settings = load(None, {})
    kept = kept_tokens.file_of(settings.auth_dir, address)
    if value := kept_tokens.read(kept):
        return _checked(Token(value, str(kept)))
    own = token_file(settings)
    if address in own_addresses(settings):
        _check_listener(address)
        return _checked(Token(kept_tokens.read(own), str(own)))
    hint = f"${_TOKEN} is sent to ${_URL} alone; for this one: " if given else ""
    return Token("", str(kept), hint=f"{hint}forgather login {address}")


def _check_listener(address: Address) -> None:
    """Raises Refused if another account listens there: it would receive the token of this user's server."""
    if not is_loopback(address.host) or os.geteuid() == 0:
        return
    others = listening_uids(address.port) - {os.geteuid(), 0}
    if others:
        raise Refused(
            f"the server at {address} belongs to {account_of(min(others))}, not to you",
            hint="forgather server starts your own, at the next free port; for theirs: forgather login URL",
        )


def own_addresses(settings: Settings) -> set[Address]:
    """Addresses of the server that wrote this user's token file: from the settings (host and port, public_url), and the
    one that it recorded when it last started, since flags override the settings."""
    return {address for url in _own_urls(settings) if (address := address_of(url)) is not None}


def _own_urls(settings: Settings) -> Iterator[str]:
    yield _settings_url(settings)
    yield settings.public_url
    yield kept_tokens.read(settings.served_at_file)


def _settings_url(settings: Settings) -> str:
    host = connectable(settings.host)
    return f"http://[{host}]:{settings.port}" if ":" in host else f"http://{host}:{settings.port}"


def token_file(settings: Settings) -> Path:
    """Where a server of this user keeps its token."""
    return settings.auth_dir / "auth_token"


def _is_same(one: str, other: str) -> bool:
    return one.rstrip("/") == other or (address_of(one) is not None and address_of(one) == address_of(other))


def _checked(token: Token) -> Token:
    # Anything else could not go into a header.
    if not (token.value.isascii() and token.value.replace(" ", "\0").isprintable()) and token.value:
        raise Refused(f"{token.source} does not hold a token")
    return token
