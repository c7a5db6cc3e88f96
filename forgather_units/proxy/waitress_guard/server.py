"""A waitress server with all of it."""

from __future__ import annotations

from typing import Any

from waitress.server import BaseWSGIServer, create_server

from forgather_units.proxy.waitress_guard.early import EarlyAnswers, FirstLook, StrictChannel
from forgather_units.proxy.waitress_guard.loop import Loop


def create_strict_server(application: Any, look: FirstLook, loop: Loop, **settings: Any) -> Any:
    """`waitress.create_server` with our channel on each of its sockets, to be served by `loop`. `look`: what is
    answered early."""
    server = create_server(application, map=loop, **settings)
    for dispatcher in list(loop.values()):
        if isinstance(dispatcher, BaseWSGIServer) and dispatcher.channel_class is not StrictChannel:
            dispatcher.channel_class = StrictChannel
            EarlyAnswers(dispatcher, look, loop)
    return server
