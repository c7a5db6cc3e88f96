"""Parsers of the settings about reverse proxies: names and addresses under which requests arrive."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from forgather_units.domain.base_path import SEGMENT, TAKEN, is_taken

_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*\.?")
_PATTERN: Final = re.compile(r"\*(\.[A-Za-z0-9_-]+){2,}\.?")
_NAMES: Final = "box.lab.org, box.lab.org:8443, *.lab.org or https://box.lab.org"
_PROXIES: Final = "must be addresses (127.0.0.1), ranges (10.0.0.0/8) or unix"
_HEADER: Final = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
# Clients and proxies send these with other values than a user's name, and the server or viewers need them.
_OTHER_HEADERS: Final = re.compile(
    r"(accept|access-control|cache|content|if|proxy|sec)-.*|x-forwarded-(by|for|host|port|prefix|proto|scheme|server|ssl)"
    r"|accept|authorization|connection|cookie|date|expect|forwarded|from|host|keep-alive|last-event-id|origin|pragma"
    r"|range|referer|te|trailer|transfer-encoding|upgrade|user-agent|via|x-real-ip|x-requested-with",
    re.IGNORECASE,
)
_URL: Final = re.compile(rf"(https?://[^\s/?#@]+)((?:{SEGMENT})*)/?")


def public_url(text: str) -> str:
    """An address of a server, with or without a path; without a slash at its end. Raises ValueError."""
    parts = _URL.fullmatch(text)
    if text and not parts:
        raise ValueError("must be https://NAME or http://NAME:PORT, with or without a path")
    if parts and is_taken(parts[2]):
        raise ValueError(f"must have a path that does not begin with one of the server's own: /{', /'.join(TAKEN)}")
    return text.removesuffix("/")


def split_base(url: str) -> tuple[str, str]:
    """Origin and path of a `public_url`; two empty texts for none."""
    parts = _URL.fullmatch(url)
    return (parts[1], parts[2]) if parts else ("", "")


class BadEntry(ValueError):
    """An error that names the wrong entry of a list itself."""


def allowed_hosts(names: Iterable[str]) -> tuple[str, ...]:
    """Names as a browser may send them, without those that match no request. Raises BadEntry."""
    names = tuple(names)
    for name in names:
        if problem := _host_problem(name):
            raise BadEntry(f"must be names like {_NAMES}: {name!r} {problem}")
    return names


def _host_problem(entry: str) -> str:
    scheme, is_origin, rest = entry.rpartition("://")
    if is_origin and scheme.lower() not in ("http", "https"):
        return "has a scheme other than http and https"
    for mark, what in (("/", "a path"), ("?", "a query"), ("#", "a fragment"), ("@", "a user name"), (",", "a comma")):
        if mark in rest:
            return f"has {what}"
    if not rest.isascii():
        return "is not in ASCII, where browsers send xn--..."
    if "*" in rest:
        return "" if not is_origin and _PATTERN.fullmatch(rest) else "is not a supported pattern"
    if rest.startswith("["):
        host, closed, port = rest[1:].partition("]")
        is_name = bool(closed) and _is_address(host, 6) and (not port or port.startswith(":"))
        port = port.removeprefix(":") if len(port) != 1 else "-"
    else:
        host, colon, port = rest.partition(":")
        is_name = _NAME.fullmatch(host) is not None and (not colon or bool(port))
    if not is_name:
        return "is an IPv6 address without brackets" if _is_address(rest, 6) else "is not a host name"
    return "" if not port or _is_port(port) else "has no valid port"


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 5 and 0 < int(text) < 65536


def _is_address(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def trusted_proxies(value: Any) -> tuple[str, ...]:
    """One entry as text, or a list: an address, a range or `unix`. Raises ValueError."""
    entries = [value] if isinstance(value, str) else value
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise ValueError(_PROXIES)
    return tuple(_proxy(entry.strip()) for entry in entries if entry.strip())


def user_header(name: str) -> str:
    """The name of a header for a user's name; empty for none. Raises ValueError."""
    if name and not _HEADER.fullmatch(name):
        raise ValueError("must be the name of a header, in letters, digits and dashes (X-Forwarded-User)")
    if _OTHER_HEADERS.fullmatch(name):
        raise ValueError("must be a header that has no other purpose (X-Forwarded-User)")
    return name


def sign_in_problem(values: Mapping[str, Any]) -> str:
    """Why these settings (each may be missing) cannot have a user_header; empty if they can, or have none."""
    if not values.get("user_header"):
        return ""
    if not values.get("auth", True):
        return "user_header has no effect with auth: false, which gives every request the rights of the server's owner"
    networks = [ipaddress.ip_network(entry) for entry in values.get("trusted_proxy", ()) if entry != "unix"]
    if not networks:
        return (
            "user_header needs trusted_proxy with the address of the proxy that sends it (never over the unix socket):"
            " from other clients it would let each choose a user"
        )
    if any(network.prefixlen == 0 for network in networks):
        return "user_header cannot be believed from every address: trusted_proxy must name the proxy"
    return ""


def _proxy(entry: str) -> str:
    if entry == "unix":
        return entry
    try:
        return str(ipaddress.ip_network(entry)) if "/" in entry else str(ipaddress.ip_address(entry))
    except ValueError:
        pass
    try:
        wider = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        raise BadEntry(f"{_PROXIES}, and {entry!r} is none") from None
    raise BadEntry(f"{_PROXIES}: {entry!r} is an address within a range, {wider}")
