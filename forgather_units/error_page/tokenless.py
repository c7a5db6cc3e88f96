"""Removes a token from the address bar of a browser that is shown an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import unquote_plus

from forgather_units.error_page.relative import root_of
from forgather_units.error_page.response import wants_page

Environ = dict[str, Any]
Application = Callable[[Environ, Any], Iterable[bytes]]

_TOKEN: Final = "token"  # noqa: S105 - the name of a parameter


def tokenless(app: Application) -> Application:
    """WSGI middleware: replace an error page at an address with `?token=` by a redirect to the address without it.

    The page of the server removes the token itself, by a script, which an error page does not have.
    """

    def respond(environ: Environ, start_response: Any) -> Iterable[bytes]:
        address = _without_token(environ)
        if address is None or not wants_page(environ["REQUEST_METHOD"], environ.get("HTTP_ACCEPT", "")):
            return app(environ, start_response)
        is_replaced = False

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            nonlocal is_replaced
            if status[0] not in "45":
                return start_response(status, headers, *error)
            is_replaced = True
            return start_response(
                "302 Found", [("Location", address), ("Content-Length", "0"), ("Cache-Control", "no-store")]
            )

        body = app(environ, start)
        if not is_replaced:
            return body
        if (close := getattr(body, "close", None)) is not None:
            close()
        return []

    return respond


def _without_token(environ: Environ) -> str | None:
    """The address of the request without its token, relative to it; None if it has none."""
    target: str = environ.get("REQUEST_URI", "")
    path, _, query = target.partition("?")
    parts = query.split("&")
    kept = [part for part in parts if unquote_plus(part.partition("=")[0]) != _TOKEN]
    if len(kept) == len(parts) or not path.startswith("/"):
        return None
    return root_of(environ) + path[1:] + (f"?{'&'.join(kept)}" if kept else "")
