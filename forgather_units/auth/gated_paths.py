"""Paths that require credentials. Denied by default: every path that could be read as one below /api/."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

OPEN: Final = frozenset({("GET", "/api/health"), ("GET", "/api/auth/status"), ("POST", "/api/auth/login")})
"""The only routes below /api/ without credentials: exactly these methods and paths."""

_GATED: Final = "api"
_SEPARATORS: Final = re.compile(r"[/\\]+")
# A router may strip these; no route's name starts with one.
_IGNORED: Final = "".join(map(chr, range(0x21))) + "\x7f\xa0"
_MAX_QUOTINGS: Final = 4


def needs_credentials(environ: dict[str, Any]) -> bool:
    """Whether this request requires credentials."""
    path: str = environ.get("PATH_INFO", "")
    if not is_gated(path):
        return False
    # The raw path must be literal too, if the server provides it: `/api/%68ealth` is not the health check.
    sent = environ.get("REQUEST_URI", path).partition("?")[0]
    return (environ["REQUEST_METHOD"], path) not in OPEN or sent != path


def is_gated(path: str) -> bool:
    """Whether a decoded path is below /api/ in any spelling: slashes, dots, capitals, quoted once more."""
    if path.startswith("/api/"):
        return True
    for _ in range(_MAX_QUOTINGS):
        if _begins_gated(path):
            return True
        if (plainer := unquote(path, "latin-1")) == path:
            return False
        path = plainer
    return True


def _begins_gated(path: str) -> bool:
    """Checks the path both with `..` resolved and without, since routers and proxies differ."""
    named: list[str] = []
    resolved: list[str] = []
    for raw in _SEPARATORS.split(path.lower()):
        part = raw.strip(_IGNORED)
        if part == "..":
            del resolved[-1:]
        elif part not in ("", "."):
            named.append(part)
            resolved.append(part)
    return any(parts and parts[0].startswith(_GATED) for parts in (named, resolved))
