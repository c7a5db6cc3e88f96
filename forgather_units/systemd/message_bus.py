"""A connection to a D-Bus bus by dbus-next, with time limits and without its faults."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from dbus_next import BusType, Message, MessageType
from dbus_next.aio import MessageBus
from dbus_next.errors import AuthError, InvalidAddressError

from forgather_units.domain.machine import Machine
from forgather_units.domain.scope import Scope

# Seconds.
CALL_LIMIT: Final = 10.0


class ErrorReply(Exception):
    """The error that a method call was answered with."""

    def __init__(self, name: str, sentence: str) -> None:
        super().__init__(sentence or name)
        self.name = name


class Bus(MessageBus):  # type: ignore[misc]
    """Raises EOFError if the bus closes the connection during authentication.

    dbus-next 0.2.3 keeps reading there, without a pause in which a time limit could end it: a bus restarted at that
    moment would occupy a core, and no further signal would arrive.
    """

    async def _auth_readline(self) -> str:
        line = b""
        while not line.endswith(b"\r\n"):
            piece: bytes = await self._loop.sock_recv(self._sock, 2)
            if not piece:
                raise EOFError("it closed the connection")
            line += piece
        return line[:-2].decode()

    @property
    def gone(self) -> asyncio.Future[None]:
        """Completes when the connection has closed."""
        future: asyncio.Future[None] = self._disconnect_future
        return future

    def send(self, message: Message) -> asyncio.Future[None]:
        """As in dbus-next. Its errors end the connection, which `gone` tells; asyncio need not log them as well."""
        sent: asyncio.Future[None] = super().send(message)
        sent.add_done_callback(_retrieve)
        return sent

    def close(self) -> None:
        """Close the connection at once; dbus-next's `disconnect` leaves the descriptor open."""
        self._user_disconnect = True
        self._finalize()
        _retrieve(self.gone)
        self._stream.close()
        self._sock.close()


def _retrieve(future: asyncio.Future[None]) -> None:
    """Keeps asyncio from logging an exception as never retrieved."""
    if not future.cancelled():
        future.exception()


async def connect(machine: Machine) -> Bus:
    """A connection to the bus of the manager. Raises OSError, EOFError or TimeoutError."""
    kind = BusType.SESSION if machine.scope is Scope.USER else BusType.SYSTEM
    try:
        bus = Bus(bus_address=machine.bus_address, bus_type=kind)
    except InvalidAddressError as why:
        raise OSError(f"the bus address {machine.bus_address} is not valid: {why}") from None
    try:
        await asyncio.wait_for(bus.connect(), CALL_LIMIT)
    except BaseException as why:
        bus.close()
        if isinstance(why, AuthError):
            raise OSError(str(why)) from None
        raise
    return bus


async def call(bus: Bus, message: Message) -> list[Any]:
    """The values of the reply. Raises ErrorReply, OSError, EOFError or TimeoutError."""
    reply = await _reply(bus, message)
    body: list[Any] = reply.body
    if reply.message_type is MessageType.ERROR:
        raise ErrorReply(str(reply.error_name), str(body[0]) if body else "")
    return body


async def _reply(bus: Bus, message: Message) -> Message:
    # dbus-next never completes a call on a connection that has closed before.
    gone = bus.gone
    replying = asyncio.ensure_future(bus.call(message))
    done, _ = await asyncio.wait({replying, gone}, timeout=CALL_LIMIT, return_when=asyncio.FIRST_COMPLETED)
    if replying in done and (reply := replying.result()) is not None:
        return reply
    replying.cancel()
    if not done:
        raise TimeoutError
    raise (gone.exception() if gone.done() else None) or EOFError("the bus closed the connection")
