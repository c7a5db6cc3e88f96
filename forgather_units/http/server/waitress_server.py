"""Creates a waitress server with strict parsing, hand-over and early replies."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

from waitress.proxy_headers import proxy_headers_middleware
from waitress.server import BaseWSGIServer, create_server

from forgather_units.http.in_flight import EarlyHandler, InFlight
from forgather_units.http.limiter import Limiter
from forgather_units.http.message import Reply
from forgather_units.http.server.accept_backoff import AcceptBackoff
from forgather_units.http.server.channel import StrictChannel
from forgather_units.http.server.early_replies import EarlyReplies
from forgather_units.http.server.loop import Loop
from forgather_units.http.server.parser import StrictParser


class Application(Protocol):
    """A WSGI application with an early handler, which reads some large bodies itself."""

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]: ...

    @property
    def handle_early(self) -> EarlyHandler: ...

    @property
    def reads_body(self) -> Callable[[str], bool]:
        """Whether it reads a large body of a request with this raw target itself."""


def create_strict_server(application: Application, loop: Loop, limiter: Limiter, **settings: Any) -> Any:
    """`waitress.create_server` with our channel on each of its sockets, to be served by `loop`.

    `limiter` bounds how many early requests each viewer gets at a time.
    """
    channel_class = _channel_class(application.reads_body)
    server = create_server(application, map=loop, **settings)
    for dispatcher in list(loop.values()):
        if isinstance(dispatcher, BaseWSGIServer) and not issubclass(dispatcher.channel_class, StrictChannel):
            dispatcher.channel_class = channel_class
            AcceptBackoff(dispatcher)
            EarlyReplies(dispatcher, _behind_a_proxy(application.handle_early, dispatcher.adj), loop, limiter)
    return server


def _channel_class(reads_body: Callable[[str], bool]) -> type[StrictChannel]:
    class Parser(StrictParser):
        may_stay_unread = staticmethod(reads_body)

    class Channel(StrictChannel):
        parser_class = Parser

    return Channel


def _behind_a_proxy(handle: EarlyHandler, adjustments: Any) -> EarlyHandler:
    """Apply the trusted reverse proxy's headers to the environ, which waitress does only for the application."""
    if not adjustments.trusted_proxy:
        return handle
    translated = proxy_headers_middleware(
        lambda environ, start_response: handle(environ),
        trusted_proxy=adjustments.trusted_proxy,
        trusted_proxy_count=adjustments.trusted_proxy_count,
        trusted_proxy_headers=adjustments.trusted_proxy_headers,
        clear_untrusted=adjustments.clear_untrusted_proxy_headers,
        log_untrusted=adjustments.log_untrusted_proxy_headers,
    )

    def handle_translated(environ: dict[str, Any]) -> Reply | InFlight | None:
        # For a malformed header waitress makes a response itself; a worker thread must send it.
        result = translated(environ, lambda status, headers: None)
        return None if isinstance(result, Iterator) else result

    return handle_translated
