"""Event streams that hold no worker thread: the answer is handed over to the relay.

Where the server cannot hand a connection over, the worker thread goes on with it, and fewer are let in.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from typing import Any, Final

from flask import Response, jsonify, request

from forgather_units.proxy.client import Client, send_stream
from forgather_units.proxy.relay import RETRY_AFTER, STREAMS, Places
from forgather_units.proxy.tuning import THREADS
from forgather_units.proxy.waitress_guard.environ import HAND_OVER

_IN_WORKERS: Final = Places(THREADS // 2)
# Somebody who takes nothing for so long comes again, and goes on where the events stopped (seconds).
_STALL: Final = 30.0


def stream_response(pieces: AsyncGenerator[bytes, None]) -> Response:
    """The answer of a Flask view: Server-Sent Events, as they come. 503 where there is no room for another stream."""
    if not STREAMS.places.reserve():
        full = jsonify(detail=f"{STREAMS.places.most} streams are open already")
        full.status_code = 503
        full.headers["Retry-After"] = str(RETRY_AFTER)
        return full
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    body = _Stream(request.environ, pieces)
    # Passed through as it is: the server is to find the iterable that hands over, not one around it.
    return Response(body, headers=headers, content_type="text/event-stream", direct_passthrough=True)


class _Stream:
    """The WSGI iterable: nothing is left to iterate over once the relay has the connection."""

    def __init__(self, environ: dict[str, Any], pieces: AsyncGenerator[bytes, None]) -> None:
        self._environ = environ
        self._pieces = pieces
        self._mine = True

    def __iter__(self) -> Iterator[bytes]:
        hand_over = self._environ.get(HAND_OVER)
        client: Client | None = hand_over() if hand_over else None
        if client is None:
            return self._here()
        client.stall = _STALL
        self._mine = False
        STREAMS.start(send_stream(client, self._pieces))
        return iter(())

    def _here(self) -> Generator[bytes, None, None]:
        if not _IN_WORKERS.reserve():
            raise BlockingIOError("no worker thread is left for another stream")
        loop = asyncio.new_event_loop()
        try:
            while (piece := loop.run_until_complete(anext(self._pieces, None))) is not None:
                yield piece
        finally:
            loop.run_until_complete(self._pieces.aclose())
            loop.close()
            _IN_WORKERS.release()

    def close(self) -> None:
        """The server is done with it; the place is the relay's to give back where that has taken over."""
        if self._mine:
            self._mine = False
            STREAMS.places.release()
