"""Redirects TensorBoard's requests for its fonts: its style uses `/font-roboto/`, even with a path prefix."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from flask import Blueprint, abort, redirect, request
from werkzeug.wrappers import Response

_MOUNT: Final = re.compile(r"/api/tb/[A-Za-z0-9_-]+/")
_FONTS: Final = "font-roboto"


def blueprint() -> Blueprint:
    """Redirects to the viewer named by the Referer. The gate has authenticated the request."""
    routes = Blueprint("viewer_fonts", __name__)

    @routes.get(f"/{_FONTS}/<name>")
    def font(name: str) -> Response:
        page = urlsplit(request.headers.get("Referer", ""))
        mount = _MOUNT.match(page.path.removeprefix(request.script_root))
        if mount is None or page.netloc != request.host or not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
            abort(404)
        # From the root of the host, where the page requests it, to the viewer below the base path.
        return redirect(f"..{request.script_root}{mount[0]}{_FONTS}/{name}", 307)

    return routes
