"""Maps exceptions to responses: `{"detail": ...}` with a status; for a browser a page with the same sentence."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, jsonify, request
from werkzeug.exceptions import HTTPException

from forgather_units.auth.authority import Denied, TooManyAttempts
from forgather_units.domain.errors import (
    Conflict,
    Forbidden,
    ForgatherError,
    Malformed,
    NotFound,
    Refused,
    Unavailable,
)
from forgather_units.error_page.page import POLICY, error_page
from forgather_units.error_page.relative import root_of
from forgather_units.error_page.response import wants_page
from forgather_units.http.relay import RETRY_AFTER
from forgather_units.http.server.accept_backoff import EXHAUSTED

log = logging.getLogger(__name__)

_STATUS: Final[Mapping[type[ForgatherError], HTTPStatus]] = {
    Denied: HTTPStatus.UNAUTHORIZED,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    Refused: HTTPStatus.BAD_REQUEST,
    Malformed: HTTPStatus.UNPROCESSABLE_ENTITY,
    Forbidden: HTTPStatus.FORBIDDEN,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
# werkzeug's own are about URLs that users enter.
_SENTENCES: Final[Mapping[int, str]] = {
    HTTPStatus.NOT_FOUND: "there is nothing at this address",
    HTTPStatus.METHOD_NOT_ALLOWED: "this address does not accept this method",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body of the request is too large",
}

_BELOW: Final = "If a reverse proxy shows the server below a path, public_url must contain that path."


def _json_error(status: int, detail: str, **more: str) -> Response:
    response = jsonify({"detail": detail, **{name: text for name, text in more.items() if text}})
    response.status_code = status
    return response


def _page_of(error: Response) -> Response:
    """The same error as a page."""
    sentences = [error.json["detail"], error.json.get("hint", "")] if error.json else []
    detail = ". ".join(f"{text[0].upper()}{text[1:]}".rstrip(".") for text in sentences if text)
    is_unknown = error.status_code == HTTPStatus.NOT_FOUND and not request.path.startswith("/api/")
    note = _BELOW if is_unknown and not request.script_root else ""
    body = error_page(HTTPStatus(error.status_code).phrase, f"{detail}.", note=note, root=root_of(request.environ))
    page = Response(body, status=error.status_code)
    page.headers.extend((name, error.headers[name]) for name in ("Allow", "Retry-After") if name in error.headers)
    page.headers["Content-Security-Policy"] = POLICY
    return page


def with_status_of(response: Response, error: ForgatherError) -> Response:
    """Set the status of `error`, and Retry-After if it has one."""
    response.status_code = next(
        (_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), HTTPStatus.BAD_REQUEST
    )
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(max(1, error.seconds))
    return response


def register(app: Flask) -> None:
    """Make `app` return every error as JSON, or as a page if a browser shows it."""

    @app.after_request
    def for_browsers(response: Response) -> Response:
        if response.status_code < HTTPStatus.BAD_REQUEST or not response.is_json:
            return response
        response.vary.add("Accept")
        return _page_of(response) if wants_page(request.method, request.headers.get("Accept", "")) else response

    @app.errorhandler(ForgatherError)
    def known_error(error: ForgatherError) -> Response:
        return with_status_of(_json_error(HTTPStatus.OK, error.message, hint=error.hint, field=error.field), error)

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Any:
        status = error.code or 500
        response = _json_error(status, _SENTENCES.get(status, error.description or error.name))
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(OSError)
    def os_error(error: OSError) -> Response:
        """No file descriptor or memory is left: a temporary error, not caused by the request."""
        if error.errno not in EXHAUSTED:
            return unexpected_error(error)
        log.warning("a request failed for lack of resources: %s", error)
        response = _json_error(HTTPStatus.SERVICE_UNAVAILABLE, f"the server cannot do this now: {error.strerror}")
        response.headers["Retry-After"] = str(RETRY_AFTER)
        return response

    @app.errorhandler(Exception)
    def unexpected_error(error: Exception) -> Response:
        log.exception("a request failed", exc_info=error)
        return _json_error(500, "internal server error; the server's journal has the details")
