"""`/`: a plain list of the jobs with their links, and the sign-in."""

from __future__ import annotations

from pathlib import Path

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from forgather_units.auth.authority import Denied, TooManyAttempts, is_token
from forgather_units.auth.gate import IDENTITY
from forgather_units.domain.errors import ForgatherError
from forgather_units.server.answers import Answers
from forgather_units.server.auth_routes import set_session
from forgather_units.server.errors import marked
from forgather_units.server.house import House
from forgather_units.server.webpage import is_built

_STYLE = Path(__file__).with_name("templates") / "page.css"


def blueprint(house: House, answers: Answers) -> Blueprint:
    """The page's routes. They lie outside /api/ and ask for the identity themselves."""
    routes = Blueprint("page", __name__)
    authority = house.authority

    # The page that needs no script: for who cannot run it, and for an install without it.
    @routes.get("/" if not is_built() else "/plain")
    def jobs() -> AnyResponse | str:
        if (token := request.args.get("token")) is not None:
            return _exchange(token)
        if request.environ[IDENTITY] is None:
            return _sign_in_form()
        scheduler = house.scheduler
        state = "The scheduler is running." if scheduler.status().enabled else "The scheduler is paused."
        return render_template("jobs.html", jobs=[answers.job(job) for job in scheduler.jobs()], scheduler=state)

    @routes.post("/sign-in")
    def sign_in() -> AnyResponse:
        return _try(request.form.get("secret", "").strip())

    @routes.post("/sign-out")
    def sign_out() -> AnyResponse:
        authority.sign_out(request.environ)
        others = authority.of_others(request.environ)
        return set_session(make_response(redirect(url_for("page.jobs"), 303)), *others)

    @routes.get("/page.css")
    def style() -> Response:
        return Response(_STYLE.read_text(encoding="utf-8"), content_type="text/css; charset=utf-8")

    def _exchange(token: str) -> AnyResponse:
        """Trade the token for a session, and take it out of the address bar."""
        if not authority.enabled:
            return redirect(url_for("page.jobs"), 303)
        return _try(token)

    def _try(secret: str) -> AnyResponse:
        try:
            # Tokens have a form of their own, so one field takes both.
            kind = "token" if is_token(secret) else "password"
            session = authority.sign_in(request.remote_addr or "", **{kind: secret})
        except (Denied, TooManyAttempts) as why:
            return _sign_in_form(why)
        others = authority.of_others(request.environ)
        return set_session(make_response(redirect(url_for("page.jobs"), 303)), session, *others)

    def _sign_in_form(problem: ForgatherError | None = None) -> Response:
        problem_text = problem.message if problem else ""
        text = render_template(
            "sign_in.html",
            problem=problem_text,
            has_password=authority.has_password,
            token_file=authority.token_file,
        )
        return marked(make_response(text), problem) if problem else make_response(text)

    @routes.errorhandler(ForgatherError)
    def failed(error: ForgatherError) -> Response:
        """A person looks at this, not a program."""
        return marked(make_response(render_template("problem.html", error=error)), error)

    return routes
