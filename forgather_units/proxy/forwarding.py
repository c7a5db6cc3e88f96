"""Forwards one request to a viewer: returns a complete reply if it arrives soon, else the relay continues."""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from forgather_units.auth.admissions import end_on_withdrawal
from forgather_units.error_page.relative import relative
from forgather_units.http.downstream import ClientConnection, ClientLeft, Unread, whole_body
from forgather_units.http.in_flight import Progress
from forgather_units.http.message import Headers, Reply, values
from forgather_units.http.relay import RETRY_AFTER, TRANSFERS
from forgather_units.http.response_head import NotHttp, ResponseHead
from forgather_units.http.server.environ import HAND_OVER, UNREAD
from forgather_units.http.tuning import THREADS
from forgather_units.proxy import error_pages
from forgather_units.proxy.connection import Timeouts, TookTooLong, Unreachable, connect, host_header, start_connect
from forgather_units.proxy.containment import PUBLIC_ORIGIN, policy
from forgather_units.proxy.destination import Ended, NotReady, Open, OpenUnix, Returning, Unknown, Waiting, sentence_of
from forgather_units.proxy.headers import request_headers, response_headers
from forgather_units.proxy.outcomes import HandedOver, HeadAnswered, Observer, Relayed
from forgather_units.proxy.request_uri import RequestTarget
from forgather_units.proxy.retry import Retry, RetryPolicy, is_repeatable
from forgather_units.proxy.transfer import BadRequest, Transfer
from forgather_units.proxy.upstream import ONE_PACKET, Broken, Exchange

Environ = dict[str, Any]

log = logging.getLogger(__name__)

# Bytes of a body that is sent from memory; less than waitress's high watermark.
_INLINE: Final = 256 * 1024
# Seconds that a worker thread waits for a complete response; the short times apply while most of them are busy. The
# time to connect is limited too: a viewer that accepts no connections would otherwise occupy all of them.
_PATIENCE: Final = 1.0
_BUSY_PATIENCE: Final = 0.02
_BUSY_CONNECT: Final = 0.25
_MANY: Final = THREADS * 3 // 4

_STATUS: Final[dict[type[OSError], str]] = {
    Unreachable: "502 Bad Gateway",
    Broken: "502 Bad Gateway",
    BadRequest: "400 Bad Request",
    TookTooLong: "504 Gateway Timeout",
}


class InFlightRequest:
    """An InFlight request, sent from the server's loop when the limiter allows it."""

    __slots__ = ("_data", "_exchange", "_request", "deadline", "viewer")

    def __init__(self, where: Open | OpenUnix, data: bytes, request: _Request) -> None:
        self.viewer = where
        self._data = data
        self._request = request
        self._exchange: Exchange | None = None
        self.deadline = request.started + _PATIENCE

    def start(self) -> socket.socket | None:
        """Connect and send as much as the socket accepts. None: that failed or would block, and nothing was sent."""
        sock = start_connect(self.viewer)
        if sock is None:
            return None
        method, timeouts = self._request.environ["REQUEST_METHOD"], self._request.forwarder.timeouts
        exchange = Exchange(sock, method, self._data, timeouts, 0)
        if exchange.has_failed_to_start:
            exchange.close()
            return None
        self._exchange = exchange
        return sock

    @property
    def is_sending(self) -> bool:
        """Whether a part of the request is unsent; all of it until the connection is established."""
        return self._exchange is not None and bool(self._exchange.unsent)

    @property
    def has_sent_nothing(self) -> bool:
        """Whether it can be started again from the beginning."""
        return self._exchange is None or self._exchange.has_sent_nothing

    def poll(self) -> Progress:
        """Send and receive without blocking."""
        assert self._exchange is not None
        return self._exchange.poll(_INLINE)

    def reply(self) -> Reply:
        """The response, after COMPLETE."""
        assert self._exchange is not None
        whole = self._exchange.complete_body(_INLINE)
        assert whole is not None
        return self._request.complete(self._exchange, whole)

    def release(self, environ: Environ) -> tuple[Exchange, _Request]:
        """Pass the exchange to the caller, who closes it. `environ` is that of the same request in the worker
        thread."""
        exchange, self._exchange = self._exchange, None
        assert exchange is not None
        return exchange, replace(self._request, environ=environ)

    def close(self) -> None:
        """Close the connection, unless `release` passed it on."""
        if self._exchange is not None:
            self._exchange.close()


class Forwarder:
    """Forwards requests. `observer` is called at the end of each; `retry_policy` knows which viewers are restarting."""

    def __init__(self, timeouts: Timeouts, observer: Observer, retry_policy: RetryPolicy) -> None:
        self.timeouts = timeouts
        self.retry_policy = retry_policy
        self._observer = observer
        self._waiting = 0

    def forward(
        self, where: Open | OpenUnix, target: RequestTarget, environ: Environ, inline: int = _INLINE
    ) -> Reply | HandedOver | Relayed:
        """Forward a request. A Reply if it is complete soon and has at most `inline` bytes; otherwise it continues."""
        request = _Request(self, where, target, environ, time.monotonic())
        exchange: Exchange | None = None
        unread: Unread | None = environ.get(UNREAD)
        try:
            body = _read_body(environ) if unread is None else whole_body(unread)
        except NotHttp as error:
            return request.failed(BadRequest(f"The request's body is not HTTP: {error}."))
        # Approximate, without a lock.
        is_busy = self._waiting >= _MANY
        patience = _BUSY_PATIENCE if is_busy else _PATIENCE
        connect_within = min(self.timeouts.connect, _BUSY_CONNECT) if is_busy else self.timeouts.connect
        self._waiting += 1
        try:
            data = _request_bytes(where, target, environ, body)
            sock = connect(where, connect_within, patience)
            exchange = Exchange(sock, environ["REQUEST_METHOD"], data, self.timeouts, patience)
            whole = exchange.complete_body(inline) if body is not None else None
        except (Unreachable, TookTooLong, Broken) as error:
            return request.failed_with(exchange, error)
        finally:
            self._waiting -= 1
        return request.respond(exchange, whole, uploads=body is None)

    def forward_when_back(self, target: RequestTarget, environ: Environ) -> Reply | HandedOver:
        """Forward a request once its viewer is back; 503 if the request cannot wait."""
        return _Request(self, None, target, environ, time.monotonic()).wait()

    def start_early(self, where: Open | OpenUnix, target: RequestTarget, environ: Environ) -> InFlightRequest | None:
        """A small request that can be sent without blocking; None for any other."""
        if UNREAD in environ or environ["REQUEST_METHOD"] == "HEAD":
            return None
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > ONE_PACKET:
            return None
        body = b""
        if length:
            body = _read_body(environ)
            # A worker thread may have to send it again from the beginning.
            environ["wsgi.input"].seek(0)
        data = _request_bytes(where, target, environ, body)
        return InFlightRequest(where, data, _Request(self, where, target, environ, time.monotonic()))

    def resume(self, in_flight: InFlightRequest, environ: Environ) -> Reply | HandedOver | Relayed:
        """Continue an early request in a worker thread."""
        exchange, request = in_flight.release(environ)
        try:
            whole = exchange.complete_body(_INLINE)
        except (TookTooLong, Broken) as error:
            return request.failed_with(exchange, error)
        return request.respond(exchange, whole, uploads=False)

    def finished(self, queue_id: str, started: float, code: int) -> None:
        """Call the observer."""
        self._observer(queue_id, code, time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class _Request:
    """One request, in whichever thread or relay it is processed."""

    forwarder: Forwarder
    where: Open | OpenUnix | None
    """The address it was sent to; None: not sent yet."""
    target: RequestTarget
    environ: Environ
    started: float

    def finished(self, code: int) -> None:
        self.forwarder.finished(self.target.queue_id, self.started, code)

    def failure(self, error: OSError) -> Reply:
        if self.where is None or self.forwarder.retry_policy.is_returning(self.where, self.target):
            return self.absent()
        return error_pages.failure(_STATUS[type(error)], self._sentence(error), self.environ)

    def _sentence(self, error: OSError) -> str:
        return sentence_of(error, self.where.noun) if self.where else sentence_of(error)

    def failed(self, error: OSError) -> Reply:
        log.info("%s: %s", self.target.queue_id, self._sentence(error))
        answer = self.failure(error)
        self.finished(int(answer.status[:3]))
        return answer

    def absent(self) -> Reply:
        """503 for a viewer that did not come back, or whose request cannot be repeated."""
        match self.forwarder.retry_policy.resolve(self.target.mount, self.target.queue_id):
            case Returning() | NotReady() | Waiting() | Ended() | Unknown() as now:
                return error_pages.for_absent(now, self.environ)
        return error_pages.for_absent(Returning(self.target.queue_id, self.target.queue_id), self.environ)

    def failed_with(self, exchange: Exchange | None, error: OSError) -> Reply | HandedOver:
        """The error response, or a retry of the request if that may help."""
        if exchange is not None:
            exchange.close()
        retry = self._retry()
        if retry is not None and retry.applies(error):
            return self._wait_for(retry) or self.failed(error)
        return self.failed(error)

    def wait(self) -> Reply | HandedOver:
        """Wait for the viewer to come back."""
        retry = self._retry()
        handed_over = self._wait_for(retry) if retry is not None else None
        if handed_over is not None:
            return handed_over
        self.finished(503)
        return self.absent()

    def _retry(self) -> Retry | None:
        """None for a request that cannot be repeated."""
        if not is_repeatable(self.environ):
            return None
        forwarder, method = self.forwarder, self.environ["REQUEST_METHOD"]
        make = partial(_request_bytes, target=self.target, environ=self.environ, body=b"")
        return Retry(forwarder.retry_policy, self.target, method, self.where, make, forwarder.timeouts)

    def _wait_for(self, retry: Retry) -> HandedOver | None:
        """Let the relay wait for the viewer; None if it cannot."""
        client = self._client()
        if client is None:
            return None
        TRANSFERS.start(self._run_retry(replace(client, unread=None), retry), end_on_withdrawal(self.environ))
        return HandedOver()

    async def _run_retry(self, client: ClientConnection, retry: Retry) -> None:
        exchange, code = None, 0
        try:
            exchange = await retry.start_for(client)
            if exchange is None:
                reply = self.absent()
                code = int(reply.status[:3])
                await client.send_reply(reply)
        except ClientLeft:
            pass
        finally:
            if exchange is None:
                await client.close()
                self.finished(code)
        if exchange is not None:
            await self._transfer(client, exchange, retry).run()

    def _transfer(
        self, client: ClientConnection, exchange: Exchange, retry: Retry | None, *, chunked: bool = False
    ) -> Transfer:
        return Transfer(
            self.target.queue_id,
            client,
            exchange,
            self.headers,
            lambda error: (replace(self, where=retry.last_target) if retry else self).failure(error),
            self.finished,
            chunked_request=chunked,
            retry=retry.next_exchange if retry else None,
        )

    def _client(self) -> ClientConnection | None:
        """The client's connection, with a reserved slot in the relay; None if either is not available."""
        if not TRANSFERS.slots.reserve():
            return None
        hand_over = self.environ.get(HAND_OVER)
        client: ClientConnection | None = hand_over() if hand_over else None
        if client is None:
            TRANSFERS.slots.release()
        return client

    def headers(self, head: ResponseHead) -> Headers:
        headers = [
            (name, relative(value, self.environ) if name.lower() == "location" else value)
            for name, value in response_headers(head.headers, has_body=head.code not in (204, 304))
        ]
        headers.append(("Content-Security-Policy", policy_for(self.environ, self.target, headers)))
        return headers

    def respond(self, exchange: Exchange, whole: bytes | None, *, uploads: bool) -> Reply | HandedOver | Relayed:
        """`whole` is the complete body; None: incomplete. `uploads`: the request's body is not sent completely
        either."""
        if whole is None or _is_endless_head(exchange):
            return self._hand_over(exchange, uploads)
        exchange.close()
        return self.complete(exchange, whole)

    def complete(self, exchange: Exchange, whole: bytes) -> Reply:
        """The reply with this complete body."""
        self.finished(exchange.head.code)
        return Reply(exchange.head.status, self.headers(exchange.head), whole)

    def _hand_over(self, exchange: Exchange, uploads: bool) -> Reply | HandedOver | Relayed:
        # Only the relay can send the rest of a request's body.
        if not TRANSFERS.slots.reserve():
            return self._busy(exchange)
        hand_over = self.environ.get(HAND_OVER)
        client: ClientConnection | None = hand_over() if hand_over else None
        if client is None:
            TRANSFERS.slots.release()
            return self._busy(exchange) if uploads else self._in_this_thread(exchange)
        chunked = uploads and client.unread is not None and client.unread.length is None
        if not uploads:
            client = replace(client, unread=None)
        transfer = self._transfer(client, exchange, None if uploads else self._retry(), chunked=chunked)
        TRANSFERS.start(transfer.run(), end_on_withdrawal(self.environ))
        return HandedOver()

    def _busy(self, exchange: Exchange) -> Reply:
        exchange.close()
        self.finished(503)
        retry = [("Retry-After", str(RETRY_AFTER))]
        return error_pages.failure("503 Service Unavailable", "Too many requests are in progress.", self.environ, retry)

    def _in_this_thread(self, exchange: Exchange) -> Reply | Relayed:
        """Send the response from this worker thread."""
        try:
            pieces = exchange.body()
        except (TookTooLong, Broken) as error:
            exchange.close()
            return self.failed(error)
        relayed = Relayed(exchange, self._logged(exchange, pieces), self.headers(exchange.head))
        relayed.close_at_end.enter_context(end_on_withdrawal(self.environ)(exchange.break_off))
        return relayed

    def _logged(self, exchange: Exchange, pieces: Iterator[bytes]) -> Iterator[bytes]:
        try:
            yield from pieces
            if _is_endless_head(exchange):
                raise HeadAnswered
        except (Broken, TookTooLong) as error:
            # Raised from the iterator, so that the server closes the connection and the client sees the truncation.
            log.warning("%s: %s", self.target.queue_id, sentence_of(error))
            raise
        finally:
            self.finished(exchange.head.code)


def policy_for(environ: Environ, target: RequestTarget, headers: Headers) -> str:
    """The Content-Security-Policy for the page or script in this response."""
    script = any("javascript" in kind.lower() for kind in values(headers, "content-type"))
    host = environ.get("HTTP_HOST", "")
    base = environ.get("SCRIPT_NAME", "")
    at_root = tuple(base + path for path in target.at_root)
    public = environ.get(PUBLIC_ORIGIN, "")
    return policy(environ["wsgi.url_scheme"], host, base + target.prefix, at_root, public=public, script=script)


def _is_endless_head(exchange: Exchange) -> bool:
    """A response to HEAD without Content-Length."""
    return exchange.method == "HEAD" and not values(exchange.head.headers, "content-length")


def _read_body(environ: Environ) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
    return body


def _request_bytes(where: Open | OpenUnix, target: RequestTarget, environ: Environ, body: bytes | None) -> bytes:
    """The request's head, followed by its body if that is complete."""
    lines = [f"{environ['REQUEST_METHOD']} {target.path_and_query} HTTP/1.1"]
    lines += request_headers(environ, host_header(where))
    if "CONTENT_LENGTH" in environ:
        lines.append(f"Content-Length: {environ['CONTENT_LENGTH']}")
    elif body is None:
        lines.append("Transfer-Encoding: chunked")
    elif UNREAD in environ:
        lines.append(f"Content-Length: {len(body)}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + (body or b"")
