"""An exchange in the relay: sends the rest of the request and the response, each at the speed of its receiver."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from forgather_units.http.downstream import PIECE, ClientConnection, ClientLeft, readable
from forgather_units.http.message import Headers, Reply
from forgather_units.http.response_head import NotHttp, ResponseHead
from forgather_units.proxy.connection import TookTooLong
from forgather_units.proxy.destination import sentence_of
from forgather_units.proxy.splice import spliced
from forgather_units.proxy.upstream import BodyReader, Broken, Exchange, broke, short, stalled

log = logging.getLogger(__name__)

# Bytes after which a transfer yields: one whose both sides are always ready would block the others.
_TURN: Final = 1 << 20


class BadRequest(OSError):
    """The request body violates the grammar of HTTP; the text is one sentence."""


@dataclass(slots=True)
class Transfer:
    """`headers` maps the viewer's head to the client's headers; `failure` makes the response to an error.

    `finished` is called with the status code that was sent (0: none).
    """

    queue_id: str
    client: ClientConnection
    exchange: Exchange
    headers: Callable[[ResponseHead], Headers]
    failure: Callable[[OSError], Reply]
    finished: Callable[[int], None]
    chunked_request: bool = False
    retry: Callable[[OSError], Awaitable[Exchange | None]] | None = None
    """Replaces an exchange that failed before a byte was sent to the client; None: give up."""
    _code: int = 0
    _sent: asyncio.Event = field(default_factory=asyncio.Event)
    """The whole request has been sent; the timeout for the response starts."""

    async def run(self) -> None:
        """Run until the response is complete or one side closes."""
        self.exchange.sock.setblocking(False)
        down, up = asyncio.create_task(self._down()), asyncio.create_task(self._up())
        try:
            await asyncio.wait((down, up), return_when=asyncio.FIRST_COMPLETED)
            if not down.done() and up.result():
                await down
            if down.done():
                down.result()
        except ClientLeft:
            pass
        except (BadRequest, TookTooLong) as error:
            # If the response has started, the client sees a truncated body.
            log.info("%s: %s", self.queue_id, sentence_of(error))
            if not self._code:
                down.cancel()
                await self._fail(self.failure(error))
        except Broken as error:
            log.warning("%s: %s", self.queue_id, sentence_of(error))
        finally:
            for task in down, up:
                task.cancel()
            await asyncio.gather(down, up, return_exceptions=True)
            self.exchange.close()
            await self.client.close()
            self.finished(self._code)

    async def _up(self) -> bool:
        """Send the rest of the request, then wait until the client closes: False."""
        try:
            if self.exchange.unsent:
                await self._send(self.exchange.unsent)
            async for piece in self.client.body():
                await self._send(b"%X\r\n%b\r\n" % (len(piece), piece) if self.chunked_request else piece)
            if self.chunked_request:
                await self._send(b"0\r\n\r\n")
        except TimeoutError as error:
            raise stalled() from error
        except ClientLeft:
            return False
        except NotHttp as error:
            raise BadRequest(f"The request's body is not HTTP: {error}.") from error
        except OSError:
            # The viewer accepts no more of it; its response can still be read.
            return True
        self._sent.set()
        await self.client.wait_closed()
        return False

    async def _send(self, data: bytes | memoryview) -> None:
        async with asyncio.timeout(self.exchange.timeouts.stall or None):
            await asyncio.get_running_loop().sock_sendall(self.exchange.sock, data)

    async def _down(self) -> None:
        while True:
            try:
                head = await self._head()
                body = BodyReader(self.exchange.framing())
                received = await self._first_piece(body)
                break
            except (Broken, TookTooLong) as error:
                other = await self.retry(error) if self.retry else None
                if other is None:
                    log.info("%s: %s", self.queue_id, sentence_of(error))
                    await self._fail(self.failure(error))
                    return
                self.exchange.close()
                self.exchange = other
        self._code = head.code
        await self.client.send_head(head.status, self.headers(head))
        turn = 0
        while not body.done:
            if received and (piece := body.feed(received)):
                await self.client.send(piece)
            if body.done:
                break
            if body.left and self.client.is_unchunked:
                stall = self.exchange.timeouts.stall
                await spliced(self.exchange.sock, self.client.sock, body.left, stall, _TURN)
                break
            received = await self._receive(self.exchange.timeouts.stall)
            if not received:
                body.end()
            turn += len(received)
            if turn > _TURN:
                turn = 0
                await asyncio.sleep(0)
        await self.client.send_end()

    async def _head(self) -> ResponseHead:
        reader = self.exchange.reader
        while reader.head is None:
            if not self._sent.is_set():
                await first_of(self._sent.wait(), readable(self.exchange.sock))
            received = await self._receive(self.exchange.timeouts.first_byte)
            if not received:
                raise short(None)
            reader.feed(received)
        return reader.head

    async def _first_piece(self, body: BodyReader) -> bytes:
        """The first bytes of the body; may be empty if its length is unknown.

        A viewer that is stopped between the head and a body of known length can then still be asked again.
        """
        received = bytes(self.exchange.reader.rest)
        if not received and body.left and not (received := await self._receive(self.exchange.timeouts.stall)):
            raise short(body.left)
        return received

    async def _fail(self, reply: Reply) -> None:
        self._code = int(reply.status[:3])
        await self.client.send_reply(reply)

    async def _receive(self, seconds: float) -> bytes:
        """Received bytes; empty when the viewer has closed."""
        with contextlib.suppress(BlockingIOError):
            return _recv(self.exchange.sock)
        try:
            async with asyncio.timeout(seconds or None):
                return await asyncio.get_running_loop().sock_recv(self.exchange.sock, PIECE)
        except TimeoutError as error:
            raise stalled() from error
        except OSError as error:
            raise broke(error) from error


async def first_of(*waiting: Coroutine[Any, Any, object]) -> None:
    """Wait until one of them is done; cancels the others."""
    tasks = [asyncio.create_task(coroutine) for coroutine in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _recv(sock: socket.socket) -> bytes:
    try:
        return sock.recv(PIECE)
    except BlockingIOError:
        raise
    except OSError as error:
        raise broke(error) from error
