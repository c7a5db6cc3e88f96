"""The Flask application: routes, size limit, response headers."""

from __future__ import annotations

from collections.abc import Iterable

from flask import Blueprint, Flask, Response, abort, request

from forgather_units.api import errors, permission
from forgather_units.error_page.relative import relative

# The largest body that a route needs is a submission.
_MAX_BODY = 1024 * 1024


def create_app(blueprints: Iterable[Blueprint]) -> Flask:
    """The application with these routes.

    It does not authenticate /api/; the gate in front of it does.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    errors.register(app)
    permission.register(app)
    for routes in blueprints:
        app.register_blueprint(routes)

    @app.before_request
    def limit_body() -> None:
        """Werkzeug 2.2 applies MAX_CONTENT_LENGTH only to forms."""
        if (request.content_length or 0) > _MAX_BODY:
            abort(413)

    @app.after_request
    def add_headers(response: Response) -> Response:
        """Default security headers: no framing, no sniffing, no referrer, no caching."""
        if "Location" in response.headers:
            # Some fronts put their prefix in front of an absolute one, which may have it already.
            response.headers["Location"] = relative(response.headers["Location"], request.environ)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        )
        return response

    return app
