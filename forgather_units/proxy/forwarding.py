"""One request for a viewer: answered as soon as its answer is whole, or handed over to the relay with all that is still
to be done."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from forgather_units.proxy import pages
from forgather_units.proxy.client import Client, Unread, whole_body
from forgather_units.proxy.connection import Timeouts, TookTooLong, Unreachable, begin_to_connect, connect, host_header
from forgather_units.proxy.containment import policy
from forgather_units.proxy.headers import Headers, request_headers, response_headers, values
from forgather_units.proxy.observer import Observer
from forgather_units.proxy.pages import Answer
from forgather_units.proxy.relay import RETRY_AFTER, TRANSFERS
from forgather_units.proxy.request_target import RequestTarget
from forgather_units.proxy.response_head import NotHttp, ResponseHead
from forgather_units.proxy.target import Open, OpenUnix
from forgather_units.proxy.transfer import BadRequest, Transfer
from forgather_units.proxy.tuning import THREADS
from forgather_units.proxy.upstream import ONE_PACKET, Arrival, Broken, Exchange
from forgather_units.proxy.waitress_guard.environ import HAND_OVER, UNREAD

Environ = dict[str, Any]

log = logging.getLogger(__name__)

# A body up to this is answered from memory: less than waitress holds back for a slow reader.
_INLINE: Final = 256 * 1024
# How long a whole answer is waited for, in seconds; by worker threads only as long as most of them are free. A
# connection, too: a viewer that takes none any more would have all of them.
_PATIENCE: Final = 1.0
_BUSY_PATIENCE: Final = 0.02
_BUSY_CONNECT: Final = 0.25
_MANY: Final = THREADS * 3 // 4

_STATUS_OF: Final[dict[type[OSError], str]] = {
    Unreachable: "502 Bad Gateway",
    Broken: "502 Bad Gateway",
    BadRequest: "400 Bad Request",
    TookTooLong: "504 Gateway Timeout",
}


@dataclass(frozen=True, slots=True)
class HandedOver:
    """The relay answers; there is nothing left for the server to send."""


class Relayed:
    """A response that the worker thread itself passes on, piece by piece: the WSGI iterable. `close` ends it."""

    __slots__ = ("_exchange", "_pieces", "headers", "status")

    def __init__(self, exchange: Exchange, pieces: Iterator[bytes], headers: Headers) -> None:
        self.status = exchange.head.status
        self.headers = headers
        self._exchange = exchange
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        return self._pieces

    def close(self) -> None:
        self._exchange.close()


class HeadAnswered(ConnectionAbortedError):
    """Ends the connection after the head: waitress would write a last chunk behind a HEAD without Content-Length."""


class Begun:
    """A request that is sent from the server's own thread, once it is its turn."""

    __slots__ = ("_exchange", "_request", "_work", "deadline", "viewer")

    def __init__(self, where: Open | OpenUnix, request: bytes, work: _Work) -> None:
        self.viewer = where
        self._request = request
        self._work = work
        self._exchange: Exchange | None = None
        self.deadline = work.began + _PATIENCE

    def go(self) -> socket.socket | None:
        """Send what goes without waiting, over this connection; None: it cannot be begun here, and nothing was sent."""
        sock = begin_to_connect(self.viewer)
        if sock is None:
            return None
        method, timeouts = self._work.environ["REQUEST_METHOD"], self._work.forwarder.timeouts
        exchange = Exchange(sock, method, self._request, timeouts, 0)
        if exchange.has_failed_to_begin:
            exchange.close()
            return None
        self._exchange = exchange
        return sock

    @property
    def is_sending(self) -> bool:
        """Whether there is something left to send: all of it, while the connection does not stand yet."""
        return self._exchange is not None and bool(self._exchange.unsent)

    @property
    def has_sent_nothing(self) -> bool:
        """Whether it can as well begin anew elsewhere."""
        return self._exchange is None or self._exchange.has_sent_nothing

    def arrived(self) -> Arrival:
        """Take in what is there, without waiting."""
        assert self._exchange is not None
        return self._exchange.arrived(_INLINE)

    def answer(self) -> Answer:
        """What has arrived, once it is WHOLE."""
        assert self._exchange is not None
        whole = self._exchange.whole(_INLINE)
        assert whole is not None
        return self._work.whole(self._exchange, whole)

    def carry_on(self, environ: Environ) -> tuple[Exchange, _Work]:
        """It belongs to the caller from now on. `environ` is of the same request, in another thread."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        return exchange, replace(self._work, environ=environ)

    def close(self) -> None:
        """End the connection, unless somebody carries it on."""
        if self._exchange is not None:
            self._exchange.close()


class Forwarder:
    """Forwards requests. `observer` hears of each end."""

    def __init__(self, timeouts: Timeouts, observer: Observer) -> None:
        self.timeouts = timeouts
        self._observer = observer
        self._waiting = 0

    def forward(
        self, where: Open | OpenUnix, target: RequestTarget, environ: Environ, inline: int = _INLINE
    ) -> Answer | HandedOver | Relayed:
        """The viewer's answer, whole if it comes soon and has at most `inline` bytes, else on its way."""
        work = _Work(self, target, environ, time.monotonic())
        unread: Unread | None = environ.get(UNREAD)
        try:
            body = _read_body(environ) if unread is None else whole_body(unread)
        except NotHttp as error:
            return work.failed(BadRequest(f"The request's body is not HTTP: {error}."))
        # Not exact without a lock, and need not be.
        is_busy = self._waiting >= _MANY
        patience = _BUSY_PATIENCE if is_busy else _PATIENCE
        connect_within = min(self.timeouts.connect, _BUSY_CONNECT) if is_busy else self.timeouts.connect
        self._waiting += 1
        try:
            request = _request(where, target, environ, body)
            sock = connect(where, connect_within, patience)
            exchange = Exchange(sock, environ["REQUEST_METHOD"], request, self.timeouts, patience)
            whole = exchange.whole(inline) if body is not None else None
        except (Unreachable, TookTooLong, Broken) as error:
            return work.failed(error)
        finally:
            self._waiting -= 1
        return work.answer(exchange, whole, uploads=body is None)

    def begin(self, where: Open | OpenUnix, target: RequestTarget, environ: Environ) -> Begun | None:
        """A small request, to be sent without waiting for anything; None for one that may have to wait."""
        if UNREAD in environ or environ["REQUEST_METHOD"] == "HEAD":
            return None
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > ONE_PACKET:
            return None
        body = b""
        if length:
            body = _read_body(environ)
            # Who can wait may have to send it from the beginning.
            environ["wsgi.input"].seek(0)
        request = _request(where, target, environ, body)
        return Begun(where, request, _Work(self, target, environ, time.monotonic()))

    def finish(self, begun: Begun, environ: Environ) -> Answer | HandedOver | Relayed:
        """The answer of what was begun, on its way where it is not whole yet."""
        exchange, work = begun.carry_on(environ)
        try:
            whole = exchange.whole(_INLINE)
        except (TookTooLong, Broken) as error:
            exchange.close()
            return work.failed(error)
        return work.answer(exchange, whole, uploads=False)

    def finished(self, queue_id: str, began: float, code: int) -> None:
        """Tell the observer."""
        self._observer(queue_id, code, time.monotonic() - began)


@dataclass(frozen=True, slots=True)
class _Work:
    """What belongs to one request, whoever answers it."""

    forwarder: Forwarder
    target: RequestTarget
    environ: Environ
    began: float

    def finished(self, code: int) -> None:
        self.forwarder.finished(self.target.queue_id, self.began, code)

    def failure(self, error: OSError) -> Answer:
        return pages.failure(_STATUS_OF[type(error)], str(error), self.environ)

    def failed(self, error: OSError) -> Answer:
        log.info("%s: %s", self.target.queue_id, error)
        answer = self.failure(error)
        self.finished(int(answer.status[:3]))
        return answer

    def headers(self, head: ResponseHead) -> Headers:
        headers = response_headers(head.headers, has_body=head.code not in (204, 304))
        headers.append(("Content-Security-Policy", policy_for(self.environ, self.target, headers)))
        return headers

    def answer(self, exchange: Exchange, whole: bytes | None, *, uploads: bool) -> Answer | HandedOver | Relayed:
        """`whole` is the body, None: it is still to come. `uploads`: so is the rest of the request's."""
        if whole is None or _is_endless_head(exchange):
            return self._hand_over(exchange, uploads)
        exchange.close()
        return self.whole(exchange, whole)

    def whole(self, exchange: Exchange, whole: bytes) -> Answer:
        """The answer of which the body is `whole`."""
        self.finished(exchange.head.code)
        return Answer(exchange.head.status, self.headers(exchange.head), whole)

    def _hand_over(self, exchange: Exchange, uploads: bool) -> Answer | HandedOver | Relayed:
        # A request's body that is still to be sent is for the relay alone.
        if not TRANSFERS.places.reserve():
            return self._busy(exchange)
        hand_over = self.environ.get(HAND_OVER)
        client: Client | None = hand_over() if hand_over else None
        if client is None:
            TRANSFERS.places.release()
            return self._busy(exchange) if uploads else self._here(exchange)
        chunked = uploads and client.unread is not None and client.unread.length is None
        if not uploads:
            client = replace(client, unread=None)
        transfer = Transfer(
            self.target.queue_id, client, exchange, self.headers, self.failure, self.finished, chunked_request=chunked
        )
        TRANSFERS.start(transfer.run())
        return HandedOver()

    def _busy(self, exchange: Exchange) -> Answer:
        exchange.close()
        self.finished(503)
        retry = [("Retry-After", str(RETRY_AFTER))]
        return pages.failure("503 Service Unavailable", "Too much is under way at once.", self.environ, retry)

    def _here(self, exchange: Exchange) -> Answer | Relayed:
        """Without the relay."""
        try:
            pieces = exchange.body()
        except (TookTooLong, Broken) as error:
            exchange.close()
            return self.failed(error)
        return Relayed(exchange, self._logged(exchange, pieces), self.headers(exchange.head))

    def _logged(self, exchange: Exchange, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
            if _is_endless_head(exchange):
                raise HeadAnswered
        except (Broken, TookTooLong) as error:
            # Out of the iterator, so that the server closes the connection: the client sees that it is not whole.
            log.warning("%s: %s", self.target.queue_id, error)
            raise
        finally:
            self.finished(exchange.head.code)


def policy_for(environ: Environ, target: RequestTarget, headers: Headers) -> str:
    """What confines the page or the script that this request is answered with."""
    script = any("javascript" in kind.lower() for kind in values(headers, "content-type"))
    host = environ.get("HTTP_HOST", "")
    return policy(environ["wsgi.url_scheme"], host, target.prefix, target.at_root, script=script)


def _is_endless_head(exchange: Exchange) -> bool:
    """To HEAD, and without Content-Length."""
    return exchange.method == "HEAD" and not values(exchange.head.headers, "content-length")


def _read_body(environ: Environ) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _request(where: Open | OpenUnix, target: RequestTarget, environ: Environ, body: bytes | None) -> bytes:
    """The request's head, and its body where that is whole."""
    lines = [f"{environ['REQUEST_METHOD']} {target.path_and_query} HTTP/1.1"]
    lines += request_headers(environ, host_header(where))
    if "CONTENT_LENGTH" in environ:
        lines.append(f"Content-Length: {environ['CONTENT_LENGTH']}")
    elif body is None:
        lines.append("Transfer-Encoding: chunked")
    elif UNREAD in environ:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")
