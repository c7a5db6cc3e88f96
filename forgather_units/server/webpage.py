"""The page that web/ builds: its files as they are. They hold no secret; what they show, they ask of the gated API."""

from __future__ import annotations

import gzip
import mimetypes
from functools import cache
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

_FOLDER: Final = Path(__file__).parents[1] / "webpage"
_INDEX: Final = _FOLDER / "index.html"
# Inline styles and scripts are nobody's; what the page loads and asks for is ours.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_COMPRESSED: Final = frozenset({".css", ".html", ".js", ".json", ".md", ".svg", ".txt"})


def is_built() -> bool:
    """Whether this install has the page. (One without says so in the log, and has the plain one.)"""
    return _INDEX.is_file()


def blueprint() -> Blueprint:
    """`/` and what it loads; nothing where the page was not built."""
    routes = Blueprint("webpage", __name__)
    if not is_built():
        return routes
    # A name is looked up and never made a path of: what is not in the table is not there.
    assets = {file.name: file for file in (_FOLDER / "assets").iterdir()}

    @routes.get("/")
    def index() -> AnyResponse:
        # A `?token=` is for the page's script, which takes it out of the address at once.
        response = _serve(_INDEX)
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["Cache-Control"] = "no-cache"
        response.add_etag()
        return response.make_conditional(request)

    @routes.get("/assets/<name>")
    def asset(name: str) -> AnyResponse:
        if name not in assets:
            abort(404)
        # Each name holds a hash of what is in it.
        response = _serve(assets[name])
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return routes


def _serve(file: Path) -> Response:
    plain, packed = _read(file)
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    takes_gzip = packed is not None and request.accept_encodings.quality("gzip") > 0
    response = Response(packed if takes_gzip else plain, content_type=kind)
    if kind.startswith("text/") or kind.endswith(("javascript", "json")):
        response.headers["Content-Type"] = f"{kind}; charset=utf-8"
    if packed is not None:
        response.headers["Vary"] = "Accept-Encoding"
    if takes_gzip:
        response.headers["Content-Encoding"] = "gzip"
    return response


@cache
def _read(file: Path) -> tuple[bytes, bytes | None]:
    """A file of the page, and the same compressed where that is worth it. All of it is a megabyte: it stays here."""
    plain = file.read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0) if file.suffix in _COMPRESSED else None
