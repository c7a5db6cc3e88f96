"""Which addresses lie behind the gate. Denied by default: what could be read as one below /api/ is one."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

OPEN: Final = frozenset({("GET", "/api/health"), ("GET", "/api/auth/status"), ("POST", "/api/auth/login")})
"""The only routes below /api/ without credentials: exactly these methods and paths, letter by letter."""

_GATED: Final = "api"
_SEPARATORS: Final = re.compile(r"[/\\]+")
# A router may cut these off; they begin no name of ours.
_IGNORED: Final = "".join(map(chr, range(0x21))) + "\x7f\xa0"
_MOST_QUOTINGS: Final = 4


def needs_credentials(environ: dict[str, Any]) -> bool:
    """Whether nobody may pass here without credentials."""
    path: str = environ.get("PATH_INFO", "")
    if not is_gated(path):
        return False
    # The path as it was sent must be the plain one too, where the server tells: `/api/%68ealth` is no health check.
    sent = environ.get("REQUEST_URI", path).partition("?")[0]
    return (environ["REQUEST_METHOD"], path) not in OPEN or sent != path


def is_gated(path: str) -> bool:
    """Whether a decoded path lies below /api/ however it is spelled: slashes, dots, capitals, quoted once more."""
    if path.startswith("/api/"):
        return True
    for _ in range(_MOST_QUOTINGS):
        if _begins_gated(path):
            return True
        if (plainer := unquote(path, "latin-1")) == path:
            return False
        path = plainer
    return True


def _begins_gated(path: str) -> bool:
    """Both with `..` resolved and without: what a router or a proxy in front makes of it, must not matter."""
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
