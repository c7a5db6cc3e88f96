"""One boundary: exceptions become `{"detail": ...}` with the right status."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, jsonify
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


def _answer(status: int, detail: str, **more: str) -> Response:
    response = jsonify({"detail": detail, **{name: text for name, text in more.items() if text}})
    response.status_code = status
    return response


def marked(response: Response, error: ForgatherError) -> Response:
    """`response` with the status of `error`, and when to try again."""
    response.status_code = next(
        (_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS), HTTPStatus.BAD_REQUEST
    )
    if isinstance(error, TooManyAttempts):
        response.headers["Retry-After"] = str(max(1, error.seconds))
    return response


def register(app: Flask) -> None:
    """Have `app` answer every error as JSON."""

    @app.errorhandler(ForgatherError)
    def of_the_user(error: ForgatherError) -> Response:
        return marked(_answer(HTTPStatus.OK, error.message, hint=error.hint, field=error.field), error)

    @app.errorhandler(HTTPException)
    def of_http(error: HTTPException) -> Any:
        response = _answer(error.code or 500, error.description or error.name)
        for name, value in error.get_headers():
            if name == "Allow":
                response.headers[name] = value
        return response

    @app.errorhandler(Exception)
    def of_ours(error: Exception) -> Response:
        log.exception("a request failed", exc_info=error)
        return _answer(500, "the server made a mistake; its journal has the details")
