"""The page that web/ builds: its files as they are. They hold no secret; what they show, they ask of the gated API."""

from __future__ import annotations

import gzip
import mimetypes
from functools import lru_cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, request

_FOLDER: Final = Path(__file__).parents[1] / "webpage"
_INDEX: Final = "index.html"
# Inline styles and scripts are nobody's; what the page loads and asks for is ours.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_COMPRESSED: Final = frozenset({".css", ".html", ".js", ".json", ".md", ".svg", ".txt"})


def is_built() -> bool:
    """Whether this install has the page. (One without says so in the log, and has the plain one.)"""
    return (_FOLDER / _INDEX).is_file()


def blueprint() -> Blueprint:
    """`/` and what it loads; nothing where the page was not built."""
    routes = Blueprint("webpage", __name__)
    if not is_built():
        return routes

    @routes.get("/")
    def index() -> Response:
        # A `?token=` is for the page's script, which takes it out of the address at once.
        response = _serve(_INDEX)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-cache"
        return response

    @routes.get("/assets/<path:name>")
    def asset(name: str) -> Response:
        # Each name holds a hash of what is in it.
        response = _serve(f"assets/{name}")
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return routes


def _serve(name: str) -> Response:
    plain, packed = _read(name)
    if plain is None:
        abort(404)
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    takes_gzip = packed is not None and "gzip" in request.headers.get("Accept-Encoding", "")
    response = Response(packed if takes_gzip else plain, content_type=kind)
    if kind.startswith("text/") or kind.endswith(("javascript", "json")):
        response.headers["Content-Type"] = f"{kind}; charset=utf-8"
    if packed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    return response


@lru_cache(256)
def _read(name: str) -> tuple[bytes | None, bytes | None]:
    """A file of the page, and the same compressed where that is worth it. All of it is a megabyte: it stays here."""
    file = (_FOLDER / name).resolve()
    if not file.is_relative_to(_FOLDER.resolve()) or not file.is_file():
        return None, None
    plain = file.read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0) if file.suffix in _COMPRESSED else None
