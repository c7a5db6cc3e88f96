"""Creates a waitress server with strict parsing, hand-over and early replies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol

from waitress.server import BaseWSGIServer, create_server

from forgather_units.http.in_flight import EarlyHandler
from forgather_units.http.limiter import Limiter
from forgather_units.http.server.accept_backoff import AcceptBackoff
from forgather_units.http.server.channel import StrictChannel
from forgather_units.http.server.early_replies import EarlyReplies
from forgather_units.http.server.forwarded import TrustedProxies
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

    @property
    def home(self) -> str:
        """The path of its page, for the links of error pages."""


def create_strict_server(
    application: Application, loop: Loop, limiter: Limiter, proxies: TrustedProxies, **settings: Any
) -> Any:
    """`waitress.create_server` with our channel on each of its sockets, to be served by `loop`.

    `limiter` bounds how many early requests each viewer gets at a time; the channel reads the headers of `proxies`.
    """
    channel_class = _channel_class(application, proxies)
    server = create_server(application, map=loop, **settings)
    for dispatcher in list(loop.values()):
        if isinstance(dispatcher, BaseWSGIServer) and not issubclass(dispatcher.channel_class, StrictChannel):
            dispatcher.channel_class = channel_class
            AcceptBackoff(dispatcher)
            EarlyReplies(dispatcher, application.handle_early, loop, limiter)
    return server


def _channel_class(application: Application, trusted: TrustedProxies) -> type[StrictChannel]:
    class Parser(StrictParser):
        may_stay_unread = staticmethod(application.reads_body)

    class Channel(StrictChannel):
        parser_class = Parser
        proxies = trusted
        home = application.home

    return Channel
