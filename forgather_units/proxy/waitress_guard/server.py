"""A waitress server with all of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from waitress.proxy_headers import proxy_headers_middleware
from waitress.server import BaseWSGIServer, create_server

from forgather_units.proxy.pages import Answer
from forgather_units.proxy.turns import Turns
from forgather_units.proxy.waitress_guard.channel import StrictChannel
from forgather_units.proxy.waitress_guard.early import Begun, EarlyAnswers, FirstLook
from forgather_units.proxy.waitress_guard.loop import Loop


def create_strict_server(application: Any, look: FirstLook, loop: Loop, turns: Turns, **settings: Any) -> Any:
    """`waitress.create_server` with our channel on each of its sockets, to be served by `loop`. `look`: what is
    answered early, by viewers that are asked in `turns`."""
    server = create_server(application, map=loop, **settings)
    for dispatcher in list(loop.values()):
        if isinstance(dispatcher, BaseWSGIServer) and dispatcher.channel_class is not StrictChannel:
            dispatcher.channel_class = StrictChannel
            EarlyAnswers(dispatcher, _behind_a_proxy(look, dispatcher.adj), loop, turns)
    return server


def _behind_a_proxy(look: FirstLook, adjustments: Any) -> FirstLook:
    """The same, of what a trusted reverse proxy says of its clients; waitress does so for the application alone."""
    if not adjustments.trusted_proxy:
        return look
    translated = proxy_headers_middleware(
        lambda environ, start_response: look(environ),
        trusted_proxy=adjustments.trusted_proxy,
        trusted_proxy_count=adjustments.trusted_proxy_count,
        trusted_proxy_headers=adjustments.trusted_proxy_headers,
        clear_untrusted=adjustments.clear_untrusted_proxy_headers,
        log_untrusted=adjustments.log_untrusted_proxy_headers,
    )

    def looked_at(environ: dict[str, Any]) -> Answer | Begun | None:
        # A malformed header is answered by a response of waitress's, which is for a worker thread to send.
        seen = translated(environ, lambda status, headers: None)
        return None if isinstance(seen, Iterator) else seen

    return looked_at
