"""Replies sent from the server's loop: passing a request to a worker thread and back costs more than most replies do.

A reply that is in memory is sent at once. A small request to a viewer is sent at once too; the loop waits for its
response as it does for clients, and sends the reply if the response is short and complete soon. A worker thread handles
all other requests, and continues those that have started here.

Early replies bypass waitress's tasks and buffers, which cost as much as the rest of the proxy: one sendmsg(), and a
buffer only for the part that the socket does not accept at once.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, Final

from forgather_units.http.in_flight import EarlyHandler, InFlight, Progress
from forgather_units.http.limiter import LimitedRequest, Limiter
from forgather_units.http.message import Reply
from forgather_units.http.server.channel import StrictChannel
from forgather_units.http.server.fair_queue import FairQueue
from forgather_units.http.server.loop import Loop
from forgather_units.http.server.task import HandOverTask

log = logging.getLogger(__name__)

# waitress counts them as connections.
_MAX_WAITING: Final = 256


class EarlyReplies:
    """Handles each new request of `server` in the loop, before a worker thread gets it."""

    def __init__(self, server: Any, handle: EarlyHandler, loop: Loop, limiter: Limiter) -> None:
        self._add_to_workers: Callable[[StrictChannel], None] = server.add_task
        self._queue: FairQueue[StrictChannel] = FairQueue(self._add_to_workers, loop.call_at)
        self.waiting = 0
        self.loop = loop
        self.limiter = limiter
        self._serving: dict[int, StrictChannel] = {}
        self._handler = handle
        self._wake: Callable[[], None] = server.pull_trigger
        server.add_task, server.pull_trigger, server.early = self._add_task, self._pull_trigger, self

    def _add_task(self, channel: StrictChannel) -> None:
        if channel.receiving_thread == get_ident():
            channel.has_new_request = True
        elif channel.waits_for_reader():
            self._pull_trigger()
        else:
            # Called by the worker thread that has served the previous request on the same connection.
            self._add_to_workers(channel)

    def queue_for_worker(self, channel: StrictChannel) -> None:
        """Queue the channel's next request for a worker thread. For the loop's thread."""
        self._queue.put(channel.requests[0].request_uri, channel)

    @contextmanager
    def serving(self, channel: StrictChannel) -> Iterator[None]:
        """While a worker thread serves `channel`: its pull_trigger() then marks the channel as changed."""
        thread = get_ident()
        self._serving[thread] = channel
        self._queue.begin(channel)
        try:
            yield
        finally:
            del self._serving[thread]
            self._queue.end(channel)

    def _pull_trigger(self) -> None:
        if (channel := self._serving.get(get_ident())) is not None:
            self.loop.changed(channel._fileno)
        self._wake()

    def handle(self, channel: StrictChannel) -> None:
        """Reply, wait for the viewer's response, or queue the request for a worker thread."""
        match self._handle(channel):
            case None:
                self.queue_for_worker(channel)
            case Reply() as reply:
                channel.send_reply(reply)
            case in_flight:
                channel.requests[0].in_flight = in_flight
                if self.waiting < _MAX_WAITING:
                    _EarlyRequest(self, channel, in_flight)
                else:
                    # Past the limiter: the worker thread does not block on a request that is already sent.
                    in_flight.start()
                    self.defer(channel, in_flight)

    def _handle(self, channel: StrictChannel) -> Reply | InFlight | None:
        request = channel.requests[0]
        # With unsent output or further requests on the connection, a reply might block on the client.
        if request.error or request.unread or len(channel.requests) > 1 or channel.request or channel.total_outbufs_len:
            return None
        try:
            return self._handler(HandOverTask(channel, request).get_environment())
        except Exception:
            # The worker thread runs into the same error, and its client gets a response.
            log.exception("the early handling of a request failed")
            return None

    def defer(self, channel: StrictChannel, in_flight: InFlight) -> None:
        """Leave it to a worker thread, which does not wait for the response either but passes it on to the relay."""
        if in_flight.has_sent_nothing:
            in_flight.close()
            channel.requests[0].in_flight = None
        self.queue_for_worker(channel)


class _EarlyRequest(LimitedRequest):
    """Waits for the limiter, then for the response. A dispatcher in waitress's map."""

    accepting = False

    __slots__ = ("_channel", "_early", "_fileno", "_in_flight", "_is_over")

    def __init__(self, early: EarlyReplies, channel: StrictChannel, in_flight: InFlight) -> None:
        super().__init__(in_flight.viewer)
        self._early = early
        self._channel = channel
        self._in_flight = in_flight
        self._is_over = False
        self._fileno: int | None = None
        early.waiting += 1
        early.limiter.submit(self)

    def start(self) -> bool:
        """Send the request, and register for the response."""
        sock = self._in_flight.start()
        if sock is None:
            self._remove()
            self._early.defer(self._channel, self._in_flight)
            return False
        self._fileno = sock.fileno()
        self._early.loop[self._fileno] = self
        return True

    def readable(self) -> bool:
        """The loop calls this when the dispatcher is new, and then once a second."""
        if time.monotonic() < self._in_flight.deadline:
            return True
        self._defer()
        return False

    def writable(self) -> bool:
        return not self._is_over and self._in_flight.is_sending

    def handle_read_event(self) -> None:
        """The socket is readable or writable, or the viewer has closed it."""
        if self._is_over:
            return
        match self._in_flight.poll():
            case Progress.COMPLETE:
                # Send first; the cleanup takes as long as the send.
                self._channel.send_reply(self._in_flight.reply())
                self._early.loop.changed(self._channel._fileno)
                self._remove()
                self._in_flight.close()
                self._early.limiter.release(self)
            case Progress.DEFER | Progress.NOT_STARTED:
                self._defer()

    handle_write_event = handle_expt_event = handle_close = handle_read_event

    def handle_error(self) -> None:
        log.exception("waiting for a viewer's response failed")
        if not self._is_over:
            self._remove()
            self._in_flight.close()
            self._channel.handle_close()
            self._early.limiter.release(self)

    def close(self) -> None:
        """Called when the server ends."""
        self._in_flight.close()

    def _defer(self) -> None:
        if not self._is_over:
            self._remove()
            self._early.defer(self._channel, self._in_flight)
            self._early.limiter.release(self)

    def _remove(self) -> None:
        """Unregister from the loop."""
        self._is_over = True
        self._early.waiting -= 1
        if self._fileno is not None:
            del self._early.loop[self._fileno]
