"""`/` (or `/plain`): a plain list of the jobs with links, and the sign-in form."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from forgather_units.api.errors import with_status_of
from forgather_units.api.job_json import JobJson
from forgather_units.api.job_listing import job_query
from forgather_units.api.routes.auth import set_session
from forgather_units.auth.authority import Authority, Denied, TooManyAttempts, is_token
from forgather_units.auth.gate import IDENTITY
from forgather_units.domain.errors import ForgatherError
from forgather_units.page.static_page import is_built
from forgather_units.scheduler.scheduler import Scheduler

_SIGNED_IN = "signed-in"
_COOKIE_LOST = (
    "the browser did not keep the session cookie: allow cookies for this address, and delete an older one of it that "
    "came over https"
)
# A viewer, or another page of this server: no other site.
_WANTED = re.compile(r"/api/[!-\[\]-~]*")
_STYLE = Path(__file__).with_name("templates") / "page.css"


def _wanted() -> str:
    """The address below /api/ that asked for the sign-in; empty if there is none."""
    wanted = request.values.get("next", "")
    return wanted if _WANTED.fullmatch(wanted) else ""


def blueprint(authority: Authority, scheduler: Scheduler, job_json: JobJson) -> Blueprint:
    """The page's routes. They are outside of /api/ and check the identity themselves."""
    routes = Blueprint("page", __name__, template_folder="templates")

    # For browsers without scripts, and for an install without the built page.
    @routes.get("/" if not is_built() else "/plain")
    def jobs() -> AnyResponse | str:
        if (token := request.args.get("token")) is not None:
            return _exchange(token)
        comes_from_sign_in = _SIGNED_IN in request.args
        if request.environ[IDENTITY] is None:
            return _sign_in_form(Denied(_COOKIE_LOST) if comes_from_sign_in else None)
        wanted = _wanted()
        if comes_from_sign_in or wanted:
            return redirect(wanted or url_for("page.jobs"), 303)
        state = "The scheduler is running." if scheduler.status().enabled else "The scheduler is paused."
        page = scheduler.page(job_query())
        return render_template(
            "jobs.html",
            jobs=[{**job_json.job(job), "folder": job.submission.options.folder} for job in page.jobs],
            scheduler=state,
            older=str(page.following) if page.following else None,
        )

    @routes.post("/sign-in")
    def sign_in() -> AnyResponse:
        return _try(request.form.get("secret", "").strip())

    @routes.post("/sign-out")
    def sign_out() -> AnyResponse:
        authority.sign_out(request.environ)
        others = authority.foreign_sessions(request.environ)
        return set_session(make_response(redirect(url_for("page.jobs"), 303)), *others)

    @routes.get("/page.css")
    def style() -> Response:
        return Response(_STYLE.read_text(encoding="utf-8"), content_type="text/css; charset=utf-8")

    def _exchange(token: str) -> AnyResponse:
        """Exchange the token for a session, and remove it from the address bar."""
        if not authority.enabled:
            return redirect(url_for("page.jobs"), 303)
        return _try(token)

    def _try(secret: str) -> AnyResponse:
        try:
            # Tokens have a distinctive format, so one field accepts both.
            kind = "token" if is_token(secret) else "password"
            session = authority.sign_in(request.remote_addr or "", **{kind: secret})
        except (Denied, TooManyAttempts) as why:
            return _sign_in_form(why)
        others = authority.foreign_sessions(request.environ)
        # By this parameter the next request knows that the cookie should be present.
        wanted = f"&{urlencode({'next': found})}" if (found := _wanted()) else ""
        after = f"{url_for('page.jobs')}?{_SIGNED_IN}{wanted}"
        return set_session(make_response(redirect(after, 303)), session, *others)

    def _sign_in_form(problem: ForgatherError | None = None) -> Response:
        problem_text = problem.message if problem else ""
        text = render_template(
            "sign_in.html",
            problem=problem_text,
            has_password=authority.has_password,
            token_file=authority.token_file,
            wanted=_wanted(),
        )
        return with_status_of(make_response(text), problem) if problem else make_response(text)

    @routes.errorhandler(ForgatherError)
    def failed(error: ForgatherError) -> Response:
        """Errors as HTML, for a person."""
        return with_status_of(make_response(render_template("problem.html", error=error)), error)

    return routes
