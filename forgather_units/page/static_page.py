"""Serves the files of the built page (web/). They contain no secret; the page requests its data from the gated API."""

from __future__ import annotations

import gzip
import mimetypes
from functools import cache
from html import escape
from pathlib import Path
from typing import Final

from flask import Blueprint, Response, abort, request
from werkzeug.wrappers import Response as AnyResponse

_FOLDER: Final = Path(__file__).parents[1] / "webpage"
_INDEX: Final = _FOLDER / "index.html"
# No inline styles or scripts; only files and requests of the server's own origin.
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
_COMPRESSED: Final = frozenset({".css", ".html", ".js", ".json", ".md", ".svg", ".txt"})


def is_built() -> bool:
    """Whether this install has the built page. (Without it the plain page is served, and the log says so.)"""
    return _INDEX.is_file()


def blueprint() -> Blueprint:
    """`/` and its assets; empty if the page was not built."""
    routes = Blueprint("webpage", __name__)
    if not is_built():
        return routes
    # Names are looked up, never joined to a path.
    assets = {file.name: file for file in (_FOLDER / "assets").iterdir()}

    @routes.get("/")
    def index() -> AnyResponse:
        # A `?token=` is for the page's script, which removes it from the address bar at once.
        base = request.script_root
        response = _below(base) if base else _serve(_INDEX)
        response.headers["Content-Security-Policy"] = (
            POLICY.replace("base-uri 'none'", "base-uri 'self'") if base else POLICY
        )
        response.headers["Cache-Control"] = "no-cache"
        response.add_etag()
        return response.make_conditional(request)

    @routes.get("/assets/<name>")
    def asset(name: str) -> AnyResponse:
        if name not in assets:
            abort(404)
        # Each name contains a hash of the content.
        response = _serve(assets[name])
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response

    return routes


def _below(base: str) -> Response:
    """The page with its address, which a front may show without the slash at its end (jupyter-server-proxy)."""
    page = _INDEX.read_text(encoding="utf-8").replace("<head>", f'<head><base href="{escape(base)}/">', 1)
    return Response(page, content_type="text/html; charset=utf-8")


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
    """The file's content, and the compressed content if that is useful. Cached: all files together are a megabyte."""
    plain = file.read_bytes()
    return plain, gzip.compress(plain, 9, mtime=0) if file.suffix in _COMPRESSED else None
