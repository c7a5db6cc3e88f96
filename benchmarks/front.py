"""Our gate and our proxy on a port of their own, as the server puts them together, without its scheduler.

Arguments: a port, a folder for the secrets, then `<queue id>=<port or socket path>` for each viewer.
"""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

from flask import Flask

from forgather_units.auth.authority import Authority
from forgather_units.auth.credentials import SESSION_COOKIE
from forgather_units.auth.origin import Hosts
from forgather_units.proxy.relay import raise_open_files_limit
from forgather_units.proxy.target import Open, OpenUnix, Target, Unknown
from forgather_units.proxy.tuning import WAITRESS_SETTINGS
from forgather_units.proxy.wsgi import Proxy
from forgather_units.server.draining import Stop
from forgather_units.server.garbage import keep_for_good
from forgather_units.server.gateway import Gateway
from forgather_units.server.listening import open_sockets, serve
from forgather_units.server.streaming import stream_response


def _target(where: str) -> Target:
    return Open("127.0.0.1", int(where), "stock") if where.isdigit() else OpenUnix(where, "stock")


async def _ticks() -> AsyncGenerator[bytes, None]:
    """As the stream of a job that prints nothing."""
    while True:
        yield b": alive\n\n"
        await asyncio.sleep(1.5)


def main() -> None:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    port, folder, *viewers = sys.argv[1:]
    targets = {queue_id: _target(where) for queue_id, _, where in (viewer.partition("=") for viewer in viewers)}
    raise_open_files_limit()
    listeners = open_sockets("127.0.0.1", int(port))
    authority = Authority(Path(folder))
    proxy = Proxy(lambda mount, queue_id: targets.get(queue_id, Unknown()))
    # As a browser shows itself, which costs more to look at than the token does.
    print(f"{SESSION_COOKIE}={authority.sign_in('127.0.0.1', token=authority.token)}", flush=True)
    app = Flask("streams")
    app.add_url_rule("/api/stream", "stream", lambda: stream_response(_ticks()))
    keep_for_good()
    serve(Gateway(app, proxy, authority, Hosts(())), listeners, Stop(), **WAITRESS_SETTINGS)


if __name__ == "__main__":
    main()
