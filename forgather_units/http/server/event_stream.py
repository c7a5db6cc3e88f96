"""Responses with Server-Sent Events that occupy no worker thread: the relay takes over the connection.

Where a connection cannot be handed over, the worker thread sends the stream, and fewer are admitted.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Generator, Iterator
from typing import Any, Final

from flask import Response, jsonify, request

from forgather_units.auth.admissions import end_on_withdrawal
from forgather_units.http.downstream import ClientConnection, send_stream
from forgather_units.http.relay import RETRY_AFTER, STREAMS, Slots
from forgather_units.http.server.environ import HAND_OVER
from forgather_units.http.tuning import THREADS

_IN_WORKERS: Final = Slots(THREADS // 2)
# Seconds. A client that receives nothing for this long reconnects, and continues after its last event.
_STALL: Final = 30.0


def stream_response(pieces: AsyncGenerator[bytes, None]) -> Response:
    """A Flask response with Server-Sent Events, sent as `pieces` yields them; 503 if there are too many streams."""
    if not STREAMS.slots.reserve():
        return unavailable(f"{STREAMS.slots.limit} streams are open already")
    headers = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}
    body = _Stream(request.environ, pieces)
    # Unwrapped: the server must see the iterable that hands over, not a wrapper around it.
    return Response(body, headers=headers, content_type="text/event-stream", direct_passthrough=True)


def unavailable(sentence: str) -> Response:
    """503 for a stream that cannot begin now."""
    response = jsonify(detail=sentence)
    response.status_code = 503
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


class _Stream:
    """The WSGI iterable; empty if the relay takes over the connection."""

    def __init__(self, environ: dict[str, Any], pieces: AsyncGenerator[bytes, None]) -> None:
        self._environ = environ
        self._pieces = pieces
        self._holds_slot = True

    def __iter__(self) -> Iterator[bytes]:
        hand_over = self._environ.get(HAND_OVER)
        client: ClientConnection | None = hand_over() if hand_over else None
        if client is None:
            return self._in_this_thread()
        client.stall = _STALL
        self._holds_slot = False
        STREAMS.start(send_stream(client, self._pieces), end_on_withdrawal(self._environ))
        return iter(())

    def _in_this_thread(self) -> Generator[bytes, None, None]:
        if not _IN_WORKERS.reserve():
            raise BlockingIOError("no worker thread is left for another stream")
        loop = asyncio.new_event_loop()
        withdrawn = asyncio.Event()
        try:

            def end() -> None:
                loop.call_soon_threadsafe(withdrawn.set)

            with end_on_withdrawal(self._environ)(end):
                while (piece := loop.run_until_complete(self._next(withdrawn))) is not None:
                    yield piece
        finally:
            loop.run_until_complete(self._pieces.aclose())
            loop.close()
            _IN_WORKERS.release()

    async def _next(self, withdrawn: asyncio.Event) -> bytes | None:
        """The next piece; None at the end, or after `withdrawn`."""
        piece = asyncio.create_task(anext(self._pieces, None))
        ending = asyncio.create_task(withdrawn.wait())
        await asyncio.wait((piece, ending), return_when=asyncio.FIRST_COMPLETED)
        over = ending.done()
        for task in piece, ending:
            task.cancel()
        got, _ = await asyncio.gather(piece, ending, return_exceptions=True)
        if isinstance(got, Exception):
            raise got
        return got if isinstance(got, bytes) and not over else None

    def close(self) -> None:
        """Called by the server at the end. The relay frees the slot if it has taken over."""
        if self._holds_slot:
            self._holds_slot = False
            STREAMS.slots.release()
