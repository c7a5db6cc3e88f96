"""The proxy's WSGI application: one request in, one exchange with a viewer, its response out."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

from forgather_units.proxy import pages
from forgather_units.proxy.connection import Timeouts, TookTooLong, Unreachable, host_header
from forgather_units.proxy.containment import policy
from forgather_units.proxy.headers import Headers, request_headers, response_headers, values
from forgather_units.proxy.pages import Answer
from forgather_units.proxy.request_target import MalformedTarget, RequestTarget, below, raw_target
from forgather_units.proxy.target import Open, OpenUnix, Resolver
from forgather_units.proxy.upstream import Broken, Exchange

Environ = dict[str, Any]
StartResponse = Callable[..., Callable[[bytes], object]]

log = logging.getLogger(__name__)

_REFUSED_METHODS: Final = frozenset({"CONNECT", "TRACE", "TRACK"})
_STATUS_OF: Final[dict[type[OSError], str]] = {
    Unreachable: "502 Bad Gateway",
    Broken: "502 Bad Gateway",
    TookTooLong: "504 Gateway Timeout",
}


class Proxy:
    """Serves every address below `mount` from the viewer that `resolve` names.

    It does not authenticate: put it behind the gate. A broken viewer's response ends by an OSError out of the
    response's iterator, so that the server closes the connection and the client sees that the body is not whole.
    """

    def __init__(self, resolve: Resolver, mount: str = "/api/tb/", timeouts: Timeouts | None = None) -> None:
        self._resolve = resolve
        self._mount = mount
        self._timeouts = timeouts or Timeouts()

    def claims(self, environ: Environ) -> bool:
        """Whether this request is the proxy's to answer: its target, as sent, lies below the mount."""
        return raw_target(environ).startswith(self._mount)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._answer(environ)
        if isinstance(answer, Answer):
            start_response(answer.status, answer.headers)
            return [] if environ["REQUEST_METHOD"] == "HEAD" else [answer.body]
        return answer.start(start_response)

    def _answer(self, environ: Environ) -> Answer | Relay:
        refused = _refusal(environ)
        if refused:
            return refused
        try:
            target = below(self._mount, raw_target(environ))
        except MalformedTarget:
            return pages.failure("400 Bad Request", "The address holds characters that none may hold.", environ)
        if target is None:
            return pages.failure("404 Not Found", "There is nothing at this address.", environ)
        match self._resolve(target.queue_id):
            case Open() | OpenUnix() as where if target.rest:
                return self._forward(where, target, environ)
            case Open() | OpenUnix():
                # Without the slash a page's relative addresses would lead out of its prefix.
                return pages.redirect(target.with_slash, environ)
            case absent:
                return pages.for_absent(absent, environ)

    def _forward(self, where: Open | OpenUnix, target: RequestTarget, environ: Environ) -> Answer | Relay:
        method = environ["REQUEST_METHOD"]
        length = int(environ.get("CONTENT_LENGTH") or 0)
        lines = [f"{method} {target.path_and_query} HTTP/1.1"]
        lines += request_headers(environ, target.prefix, host_header(where))
        if "CONTENT_LENGTH" in environ:
            lines.append(f"Content-Length: {length}")
        head = ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        try:
            exchange = Exchange(where, method, head, environ["wsgi.input"], length, self._timeouts)
            body = exchange.body()
        except (Unreachable, TookTooLong, Broken) as error:
            log.info("%s: %s", target.queue_id, error)
            return pages.failure(_STATUS_OF[type(error)], str(error), environ)
        headers = response_headers(exchange.head.headers, has_body=exchange.head.code not in (204, 304))
        headers.append(
            (
                "Content-Security-Policy",
                policy(environ["wsgi.url_scheme"], environ.get("HTTP_HOST", ""), target.prefix),
            )
        )
        return Relay(target.queue_id, exchange, body or _no_body(method, headers), headers)


class Relay:
    """A viewer's response on its way to the client: the WSGI iterable. Closing it ends the exchange."""

    __slots__ = ("_body", "_exchange", "_headers", "_queue_id")

    def __init__(self, queue_id: str, exchange: Exchange, body: Iterator[bytes], headers: Headers) -> None:
        self._queue_id = queue_id
        self._exchange = exchange
        self._body = body
        self._headers = headers

    def start(self, start_response: StartResponse) -> Iterable[bytes]:
        """Say status and headers at once: an event stream's first event may be far away."""
        try:
            start_response(self._exchange.head.status, self._headers)(b"")
        except BaseException:  # the client has left: nobody will call close()
            self.close()
            raise
        return self

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        try:
            return next(self._body)
        except (Broken, TookTooLong) as error:
            log.warning("%s: %s", self._queue_id, error)
            raise

    def close(self) -> None:
        """End the exchange, whole or not."""
        self._exchange.close()


class HeadAnswered(ConnectionAbortedError):
    """Ends the connection after the head: waitress would write a last chunk behind a HEAD without Content-Length."""


def _no_body(method: str, headers: Headers) -> Iterator[bytes]:
    if method == "HEAD" and not values(headers, "content-length"):
        raise HeadAnswered
    yield from ()


def _refusal(environ: Environ) -> Answer | None:
    """The answer to what is never forwarded, whatever the address."""
    if environ["REQUEST_METHOD"] in _REFUSED_METHODS:
        allow = [("Allow", "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")]
        return pages.failure("405 Method Not Allowed", "This method is not forwarded.", environ, allow)
    if "HTTP_UPGRADE" in environ:
        return pages.failure("400 Bad Request", "Upgrades (WebSocket) are not forwarded to a viewer.", environ)
    if not (environ.get("CONTENT_LENGTH") or "0").isdecimal():
        return pages.failure("400 Bad Request", "Content-Length is no number.", environ)
    if "HTTP_TRANSFER_ENCODING" in environ:  # else the server has undone it
        return pages.failure("400 Bad Request", "A transfer coding needs HTTP/1.1.", environ)
    return None
