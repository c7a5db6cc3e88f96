"""The Flask application: the routes, and the rules that hold for each of them."""

from __future__ import annotations

from flask import Flask, Response, abort, request

from forgather_units.server import (
    auth_routes,
    errors,
    events_routes,
    health_routes,
    host_routes,
    job_routes,
    machine_routes,
    page,
    permission,
    project_routes,
    queue_routes,
    run_routes,
    service_routes,
    tty_routes,
    viewer_fonts,
    webpage,
)
from forgather_units.server.answers import Answers
from forgather_units.server.house import House

# The largest body that any route of ours wants is a submission.
_MAX_BODY = 1024 * 1024


def create_app(house: House, address: str = "") -> Flask:
    """The application over `house`, where people open `address`.

    It does not authenticate /api/: the gate in front of it does.
    """
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _MAX_BODY
    answers = Answers(house.scope, house.names, house.accounting)
    errors.register(app)
    permission.register(app)
    for routes in (
        health_routes.blueprint(house),
        host_routes.blueprint(house),
        auth_routes.blueprint(house.authority, address),
        queue_routes.blueprint(house.scheduler, answers, house.parser),
        job_routes.blueprint(house.scheduler, answers),
        service_routes.blueprint(house.services),
        tty_routes.blueprint(house, answers),
        project_routes.blueprint(house.library),
        run_routes.blueprint(house.library, house.runs),
        events_routes.blueprint(house, answers),
        machine_routes.blueprint(house),
        viewer_fonts.blueprint(),
        webpage.blueprint(),
        page.blueprint(house, answers),
    ):
        app.register_blueprint(routes)

    @app.before_request
    def bounded() -> None:
        """Werkzeug 2.2 asks for MAX_CONTENT_LENGTH at forms alone."""
        if (request.content_length or 0) > _MAX_BODY:
            abort(413)

    @app.after_request
    def safe(response: Response) -> Response:
        """Nothing of ours is framed, guessed at, or told to others."""
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
        )
        return response

    return app
