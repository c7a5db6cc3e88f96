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
from forgather_units.auth.origin import Hosts
from forgather_units.auth.session_cookie import cookie_name
from forgather_units.daemon.dispatch import Gateway
from forgather_units.http.relay import raise_open_files_limit
from forgather_units.http.server.event_stream import stream_response
from forgather_units.http.server.shutdown import Stop
from forgather_units.http.server.sockets import open_sockets, serve
from forgather_units.http.tuning import WAITRESS_SETTINGS, freeze_objects
from forgather_units.proxy.destination import Destination, Open, OpenUnix, Unknown
from forgather_units.proxy.wsgi import Proxy
from forgather_units.viewers.tensorboard.assets import TensorBoardAssets


def _target(where: str, release: str) -> Destination:
    return Open("127.0.0.1", int(where), release) if where.isdigit() else OpenUnix(where, release)


async def _ticks() -> AsyncGenerator[bytes, None]:
    """As the stream of a job that prints nothing."""
    while True:
        yield b": alive\n\n"
        await asyncio.sleep(1.5)


def main() -> None:
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    port, folder, *viewers = sys.argv[1:]
    # The viewers run the TensorBoard of this environment.
    assets = TensorBoardAssets([sys.prefix, *filter(None, sys.path)])
    release = assets.release()
    targets = {
        queue_id: _target(where, release) for queue_id, _, where in (viewer.partition("=") for viewer in viewers)
    }
    raise_open_files_limit()
    listeners = open_sockets("127.0.0.1", int(port))
    authority = Authority(Path(folder))
    proxy = Proxy(
        lambda mount, queue_id: targets.get(queue_id, Unknown()),
        static_file=lambda release, path, hashed: assets.file(release, path, hashed=hashed),
    )
    # As a browser shows itself, which costs more to look at than the token does.
    print(f"{cookie_name('http', '')}={authority.sign_in('127.0.0.1', token=authority.token)}", flush=True)
    app = Flask("streams")
    app.add_url_rule("/api/stream", "stream", lambda: stream_response(_ticks()))
    freeze_objects()
    serve(Gateway(app, proxy, authority, Hosts(())), listeners, Stop(), **WAITRESS_SETTINGS)


if __name__ == "__main__":
    main()
