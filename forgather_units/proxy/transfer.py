"""An exchange carried out by the relay: the rest of the request up, the response down, each as fast as the other side
takes it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final

from forgather_units.proxy.client import PIECE, Client, ClientLeft, readable
from forgather_units.proxy.connection import TookTooLong
from forgather_units.proxy.headers import Headers
from forgather_units.proxy.pages import Answer
from forgather_units.proxy.response_head import NotHttp, ResponseHead
from forgather_units.proxy.splice import spliced
from forgather_units.proxy.upstream import BodyReader, Broken, Exchange, broke, short, stalled

log = logging.getLogger(__name__)

# A transfer whose both sides are always ready would never let another have its turn.
_TURN: Final = 1 << 20


class BadRequest(OSError):
    """The client's body breaks the grammar; the text is one sentence."""


@dataclass(slots=True)
class Transfer:
    """`headers` makes of the viewer's head what is sent to the client, `failure` the answer where there is none.

    `finished` hears the status code that was sent (0: none).
    """

    queue_id: str
    client: Client
    exchange: Exchange
    headers: Callable[[ResponseHead], Headers]
    failure: Callable[[OSError], Answer]
    finished: Callable[[int], None]
    chunked_request: bool = False
    _code: int = 0
    _sent: asyncio.Event = field(default_factory=asyncio.Event)
    """The whole request is on its way: from now on its answer is waited for."""

    async def run(self) -> None:
        """To its end, or until one of the two has left."""
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
            # What the client sees where its answer has begun is a body that is not whole.
            log.info("%s: %s", self.queue_id, error)
            if not self._code:
                down.cancel()
                await self._fail(self.failure(error))
        except Broken as error:
            log.warning("%s: %s", self.queue_id, error)
        finally:
            for task in down, up:
                task.cancel()
            await asyncio.gather(down, up, return_exceptions=True)
            self.exchange.close()
            await self.client.close()
            self.finished(self._code)

    async def _up(self) -> bool:
        """Send the rest of the request, then stay until the client leaves: False."""
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
            # The viewer takes no more of it; what it has answered can still be read.
            return True
        self._sent.set()
        await self.client.gone()
        return False

    async def _send(self, data: bytes | memoryview) -> None:
        async with asyncio.timeout(self.exchange.timeouts.stall or None):
            await asyncio.get_running_loop().sock_sendall(self.exchange.sock, data)

    async def _down(self) -> None:
        try:
            head = await self._head()
            body = BodyReader(self.exchange.framing())
        except (Broken, TookTooLong) as error:
            log.info("%s: %s", self.queue_id, error)
            await self._fail(self.failure(error))
            return
        self._code = head.code
        await self.client.send_head(head.status, self.headers(head))
        received = bytes(self.exchange.reader.rest)
        turn = 0
        while not body.done:
            if received and (piece := body.feed(received)):
                await self.client.send(piece)
            if body.done:
                break
            if body.left and self.client.takes_bytes_as_they_are:
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

    async def _fail(self, answer: Answer) -> None:
        self._code = int(answer.status[:3])
        await self.client.send_head(answer.status, answer.headers)
        if self.client.method != "HEAD":
            await self.client.send_raw(answer.body)

    async def _receive(self, seconds: float) -> bytes:
        """What has arrived; empty at the viewer's end."""
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
    """Until one of them is over; the others are cancelled."""
    tasks = [asyncio.create_task(each) for each in waiting]
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
