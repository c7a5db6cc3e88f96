"""Retries a request whose viewer was put to sleep or restarted in the meantime, once the viewer is back.

Also a request to a new socket on which systemd does not listen yet. In other cases the server repeats nothing: if a
viewer breaks a connection by itself, this request may have caused it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final

from forgather_units.http.downstream import ClientConnection, ClientLeft
from forgather_units.http.server.environ import UNREAD
from forgather_units.proxy.connection import Timeouts, TookTooLong, Unreachable, connect
from forgather_units.proxy.destination import NotReady, Open, OpenUnix, Resolver, Returning, Waiting
from forgather_units.proxy.request_uri import RequestTarget
from forgather_units.proxy.upstream import Broken, Exchange

Subscribe = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""`with subscribe(changed)`: calls `changed`, in any thread, whenever the resolver's result may have changed."""

_WITHIN: Final = 30.0
# On a busy machine a request may meet a viewer that is stopping more than once.
_ATTEMPTS: Final = 6
_LISTEN_PAUSE: Final = 0.02
_REPEATABLE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def no_events(changed: Callable[[], None]) -> AbstractContextManager[None]:
    """A Subscribe that sends no events."""
    return nullcontext()


def is_repeatable(environ: dict[str, Any]) -> bool:
    """Whether a request has no body and changes nothing (RFC 9110, 9.2.1)."""
    has_body = UNREAD in environ or int(environ.get("CONTENT_LENGTH") or 0) > 0
    return environ["REQUEST_METHOD"] in _REPEATABLE and not has_body


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Decides when a request is repeated. `within`: maximum wait of a request, in seconds."""

    resolve: Resolver
    subscribe: Subscribe = no_events
    within: float = _WITHIN

    def is_returning(self, last: Open | OpenUnix, target: RequestTarget) -> bool:
        """Whether the viewer at `last` was stopped on request and will return or has returned, or was just placed."""
        match self.resolve(target.mount, target.queue_id):
            case Returning():
                return True
            case Open(run=run):
                return run != last.run
            case OpenUnix(is_new=True):
                return True
            case OpenUnix(run=run, asleep=asleep):
                return run != last.run or (asleep and not (isinstance(last, OpenUnix) and last.asleep))
        return False

    async def wait_until_available(self, target: RequestTarget, deadline: float) -> Open | OpenUnix | None:
        """The viewer's address as soon as it is available; None: not by `deadline` (of the loop's time), or never."""
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            loop.call_soon_threadsafe(changed.set)

        with self.subscribe(wake):
            while True:
                changed.clear()
                match self.resolve(target.mount, target.queue_id):
                    case Open() | OpenUnix() as where:
                        return where
                    case Returning() | NotReady() | Waiting():
                        pass
                    case _:
                        return None
                try:
                    async with asyncio.timeout_at(deadline):
                        await changed.wait()
                except TimeoutError:
                    return None


@dataclass(slots=True)
class Retry:
    """The retries of one request. `last_target` is the address it was sent to (None: not yet); `request` makes its
    bytes for an address."""

    retry_policy: RetryPolicy
    target: RequestTarget
    method: str
    last_target: Open | OpenUnix | None
    request: Callable[[Open | OpenUnix], bytes]
    timeouts: Timeouts
    _left: int = _ATTEMPTS
    _deadline: float | None = None

    def applies(self, error: OSError) -> bool:
        """Whether to repeat it after this error, if no byte of a response was sent to the client.

        The viewer may have sent a part of its response: TensorBoard sends the body after the head, and a stop may come
        between them.
        """
        return (
            isinstance(error, Unreachable | Broken)
            and self._left > 0
            and (self.last_target is None or self.retry_policy.is_returning(self.last_target, self.target))
        )

    async def next_exchange(self, error: OSError) -> Exchange | None:
        """The exchange that replaces one that failed with `error`; None if a retry cannot help."""
        return await self.start() if self.applies(error) else None

    async def start(self) -> Exchange | None:
        """An exchange with the viewer once it is back, the request sent; None if it does not come back."""
        loop = asyncio.get_running_loop()
        if self._deadline is None:
            self._deadline = loop.time() + self.retry_policy.within
        while self._left > 0:
            self._left -= 1
            where = await self.retry_policy.wait_until_available(self.target, self._deadline)
            if where is None:
                return None
            self.last_target = where
            try:
                # A sleeping viewer's socket accepts at once; for other sockets the thread may have to wait.
                sock = await asyncio.to_thread(connect, where, self.timeouts.connect, 0)
            except TookTooLong:
                return None
            except Unreachable as error:
                if not self.applies(error) or loop.time() > self._deadline:
                    return None
                if isinstance(where, OpenUnix) and where.is_new:
                    # A poll: no event reports that systemd listens on a socket that it was asked to start.
                    self._left += 1
                    await asyncio.sleep(_LISTEN_PAUSE)
                continue
            exchange = Exchange(sock, self.method, self.request(where), self.timeouts, 0)
            sock.setblocking(False)
            if exchange.unsent:
                try:
                    await loop.sock_sendall(sock, exchange.unsent)
                except OSError:
                    exchange.close()
                    continue
            # Even an empty send fails if the viewer has closed, and its response may be complete.
            return exchange
        return None

    async def start_for(self, client: ClientConnection) -> Exchange | None:
        """Like `start`, but raises ClientLeft when the client closes."""
        starting, leaving = asyncio.create_task(self.start()), asyncio.create_task(client.wait_closed())
        try:
            await asyncio.wait((starting, leaving), return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                raise ClientLeft
            return starting.result()
        finally:
            for task in starting, leaving:
                task.cancel()
            await asyncio.gather(starting, leaving, return_exceptions=True)
