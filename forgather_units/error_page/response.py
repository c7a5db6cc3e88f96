"""Headers and body of an error response, for the parts of the server that respond without Flask."""

from __future__ import annotations

import json
from typing import Final

from forgather_units.error_page.page import POLICY

Header = tuple[str, str]

_COMMON: Final[tuple[Header, ...]] = (
    ("Cache-Control", "no-store"),
    ("Vary", "Accept"),
    ("Referrer-Policy", "same-origin"),
    ("X-Content-Type-Options", "nosniff"),
    ("Content-Security-Policy", POLICY),
)


def wants_page(method: str, accept: str) -> bool:
    """Whether a browser shows the response: scripts and command lines do not ask for HTML."""
    return method in ("GET", "HEAD") and accepts_page(accept)


def accepts_page(accept: str) -> bool:
    """Whether the client asks for HTML."""
    return "text/html" in accept


def as_page(page: bytes) -> tuple[list[Header], bytes]:
    """The response with this page."""
    return _response("text/html; charset=utf-8", page)


def as_json(detail: str) -> tuple[list[Header], bytes]:
    """The response `{"detail": ...}`."""
    return _response("application/json", json.dumps({"detail": detail}).encode())


def _response(kind: str, body: bytes) -> tuple[list[Header], bytes]:
    return [("Content-Type", kind), ("Content-Length", str(len(body))), *_COMMON], body
