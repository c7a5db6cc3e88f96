"""WebSockets (RFC 6455) that the server itself sends on: they occupy no worker thread, as the relay takes over the
connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Final

from flask import Response, jsonify, request
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, BytesMessage, CloseConnection, Event, Ping, RejectConnection, TextMessage
from wsproto.frame_protocol import CloseReason
from wsproto.utilities import LocalProtocolError, RemoteProtocolError

from forgather_units.auth.admissions import end_on_withdrawal
from forgather_units.http.downstream import ClientConnection, ClientLeft
from forgather_units.http.relay import STREAMS
from forgather_units.http.server.environ import HAND_OVER
from forgather_units.http.server.event_stream import unavailable

Message = bytes | str
"""The payload of a binary or a text message."""

# Seconds.
_PING_INTERVAL: Final = 20.0
_CLOSE_LIMIT: Final = 3.0


def web_socket_response(messages: AsyncGenerator[Message, None]) -> Response:
    """Accept the current request's WebSocket (of a route with `websocket=True`), send `messages`, then close it.

    Messages of the client are ignored. 503 if too many streams are open, 400 or 426 for an invalid handshake.
    """
    handshake = WSConnection(ConnectionType.SERVER)
    headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers]
    try:
        handshake.initiate_upgrade_connection(headers, request.path)
    except RemoteProtocolError as why:
        return _invalid(why)
    if not STREAMS.slots.reserve():
        return unavailable(f"{STREAMS.slots.limit} streams are open already")
    hand_over = request.environ.get(HAND_OVER)
    client: ClientConnection | None = hand_over() if hand_over else None
    if client is None:
        STREAMS.slots.release()
        return unavailable("this connection cannot become a WebSocket now")
    STREAMS.start(_WebSocket(client, handshake).run(messages), end_on_withdrawal(request.environ))
    # waitress sends none of it: the connection is the relay's.
    return Response(status=204)


def _invalid(why: RemoteProtocolError) -> Response:
    response = jsonify(detail=f"this WebSocket handshake is not valid: {why}")
    response.status_code = 400
    if isinstance(why.event_hint, RejectConnection):
        # 426 for another version, with the header that names ours.
        response.status_code = why.event_hint.status_code
        response.headers.extend((name.decode(), value.decode()) for name, value in why.event_hint.headers)
    return response


class _WebSocket:
    """One open connection. `connection` has received the handshake."""

    def __init__(self, client: ClientConnection, connection: WSConnection) -> None:
        self._client = client
        self._connection = connection
        self._sending = asyncio.Lock()

    async def run(self, messages: AsyncGenerator[Message, None]) -> None:
        """Send the messages until they end or the client leaves."""
        forwarding = asyncio.create_task(self._forward(messages))
        receiving = asyncio.create_task(self._receive())
        reason = CloseConnection(CloseReason.NORMAL_CLOSURE)
        try:
            await asyncio.wait((forwarding, receiving), return_when=asyncio.FIRST_COMPLETED)
            if forwarding.done() and not receiving.done():
                if forwarding.exception() is not None:
                    reason = CloseConnection(CloseReason.INTERNAL_ERROR)
                await self._close(reason)
                await asyncio.wait((receiving,), timeout=_CLOSE_LIMIT)
        except asyncio.CancelledError:
            self._close_at_once(CloseConnection(CloseReason.POLICY_VIOLATION, "the credentials were withdrawn"))
            raise
        finally:
            for task in forwarding, receiving:
                task.cancel()
            await asyncio.gather(forwarding, receiving, return_exceptions=True)
            await messages.aclose()
            await self._client.close()
        if not forwarding.cancelled():
            forwarding.result()

    async def _forward(self, messages: AsyncGenerator[Message, None]) -> None:
        with contextlib.suppress(ClientLeft):
            await self._send(AcceptConnection())
            following = asyncio.ensure_future(anext(messages, None))
            try:
                while True:
                    await asyncio.wait((following,), timeout=_PING_INTERVAL)
                    if not following.done():
                        await self._send(Ping())
                        continue
                    if (message := following.result()) is None:
                        return
                    await self._send(TextMessage(message) if isinstance(message, str) else BytesMessage(message))
                    following = asyncio.ensure_future(anext(messages, None))
            finally:
                following.cancel()
                await asyncio.gather(following, return_exceptions=True)

    async def _receive(self) -> None:
        """Answer pings and the client's close; returns when the connection is closed."""
        with contextlib.suppress(ClientLeft):
            while received := await self._client.receive():
                try:
                    self._connection.receive_data(received)
                    events = list(self._connection.events())
                except RemoteProtocolError as why:
                    await self._close(why.event_hint or CloseConnection(CloseReason.PROTOCOL_ERROR))
                    return
                for event in events:
                    if isinstance(event, Ping):
                        await self._send(event.response())
                    elif isinstance(event, CloseConnection):
                        await self._close(event.response())
                        return

    async def _send(self, event: Event) -> None:
        async with self._sending:
            await self._client.send_raw(self._connection.send(event))

    async def _close(self, event: Event) -> None:
        # A connection that is closed already, by either side, takes no close frame.
        with contextlib.suppress(ClientLeft, LocalProtocolError):
            await self._send(event)

    def _close_at_once(self, event: Event) -> None:
        with contextlib.suppress(OSError, LocalProtocolError):
            self._client.send_now(self._connection.send(event))
