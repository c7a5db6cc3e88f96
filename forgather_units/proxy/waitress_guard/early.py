"""What waitress's own thread answers itself: to pass a request to a worker thread and back costs more than most.

At once, what lies in memory. When it has arrived, what a viewer answers soon and in one piece: its connection is waited
for beside those of the clients, in the same loop. Everything else goes to a worker thread, with what has begun.

Such an answer is written past waitress's tasks and buffers, which cost as much as all that the proxy does: by one call
to the kernel, but for what the client does not take at once.
"""

from __future__ import annotations

import logging
import socket
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, Final, Protocol

from forgather_units.proxy.pages import Answer
from forgather_units.proxy.turns import Turn, Turns
from forgather_units.proxy.upstream import Arrival
from forgather_units.proxy.waitress_guard.channel import StrictChannel
from forgather_units.proxy.waitress_guard.loop import Loop
from forgather_units.proxy.waitress_guard.task import HandOverTask

log = logging.getLogger(__name__)

# waitress counts them as connections.
_WAITING_AT_MOST: Final = 256


class Begun(Protocol):
    """A request that is to be sent to a viewer."""

    deadline: float
    """Until when it is waited for here, as of time.monotonic()."""

    @property
    def viewer(self) -> Hashable:
        """Which one."""

    def go(self) -> socket.socket | None:
        """Send what goes without waiting, over this connection; None: it cannot be begun here."""

    @property
    def is_sending(self) -> bool:
        """Whether it has something left to send."""

    @property
    def has_sent_nothing(self) -> bool:
        """Whether it can as well begin anew elsewhere."""

    def arrived(self) -> Arrival:
        """Send and take in what goes without waiting."""

    def answer(self) -> Answer:
        """What has arrived, once it is WHOLE."""

    def close(self) -> None:
        """End it, if the application has not taken it."""


FirstLook = Callable[[dict[str, Any]], Answer | Begun | None]
"""From a request's environ: how it is answered early; None: in a worker thread. It may not wait for anything."""


class EarlyAnswers:
    """Looks at each request before `server` gives it to a worker thread."""

    def __init__(self, server: Any, look: FirstLook, loop: Loop, turns: Turns) -> None:
        self.later: Callable[[StrictChannel], None] = server.add_task
        self.waiting = 0
        self.loop = loop
        self.turns = turns
        self._serving: dict[int, StrictChannel] = {}
        self._look = look
        self._wake: Callable[[], None] = server.pull_trigger
        server.add_task, server.pull_trigger, server.early = self._add_task, self._pull_trigger, self

    def _add_task(self, channel: StrictChannel) -> None:
        if channel.receives_in == get_ident():
            channel.is_due = True
        else:
            self.later(channel)

    @contextmanager
    def serves(self, channel: StrictChannel) -> Iterator[None]:
        """This thread serves `channel` and may wake the loop for it."""
        thread = get_ident()
        self._serving[thread] = channel
        try:
            yield
        finally:
            del self._serving[thread]

    def _pull_trigger(self) -> None:
        if (channel := self._serving.get(get_ident())) is not None:
            self.loop.changed(channel._fileno)
        self._wake()

    def start(self, channel: StrictChannel) -> None:
        """Answer, or wait, or leave it to a worker thread."""
        match self._looked_at(channel):
            case None:
                self.later(channel)
            case Answer() as answer:
                channel.answer(answer)
            case begun:
                channel.requests[0].begun = begun
                if self.waiting < _WAITING_AT_MOST:
                    _Waiting(self, channel, begun)
                else:
                    # Not in turns: what is sent costs a worker thread no time.
                    begun.go()
                    self.give_up(channel, begun)

    def _looked_at(self, channel: StrictChannel) -> Answer | Begun | None:
        request = channel.requests[0]
        # With more to send or to answer behind it, to answer could mean to wait for the client.
        if request.error or request.unread or len(channel.requests) > 1 or channel.request or channel.total_outbufs_len:
            return None
        try:
            return self._look(HandOverTask(channel, request).get_environment())
        except Exception:
            # A worker thread comes to the same, and its client to an answer.
            log.exception("the first look at a request failed")
            return None

    def give_up(self, channel: StrictChannel, begun: Begun) -> None:
        """Leave it to a worker thread. That does not wait for what has begun either, but has the relay do it."""
        if begun.has_sent_nothing:
            begun.close()
            channel.requests[0].begun = None
        self.later(channel)


class _Waiting(Turn):
    """A request that waits for its turn, then for its answer: to the loop, one of waitress's dispatchers."""

    accepting = False

    __slots__ = ("_begun", "_channel", "_early", "_is_over", "_number")

    def __init__(self, early: EarlyAnswers, channel: StrictChannel, begun: Begun) -> None:
        super().__init__(begun.viewer)
        self._early = early
        self._channel = channel
        self._begun = begun
        self._is_over = False
        self._number: int | None = None
        early.waiting += 1
        early.turns.wait_for(self)

    def go(self) -> bool:
        """Send it, and wait for what comes."""
        sock = self._begun.go()
        if sock is None:
            self._leave()
            self._early.give_up(self._channel, self._begun)
            return False
        self._number = sock.fileno()
        self._early.loop[self._number] = self
        return True

    def readable(self) -> bool:
        """Asked when it is new, and then once a second."""
        if time.monotonic() < self._begun.deadline:
            return True
        self._give_up()
        return False

    def writable(self) -> bool:
        return not self._is_over and self._begun.is_sending

    def handle_read_event(self) -> None:
        """Something has arrived, or can be sent, or the viewer has closed."""
        if self._is_over:
            return
        match self._begun.arrived():
            case Arrival.WHOLE:
                # First of all the client has it: what is to be tidied up takes as long as to send it.
                self._channel.answer(self._begun.answer())
                self._early.loop.changed(self._channel._fileno)
                self._leave()
                self._begun.close()
                self._early.turns.end(self)
            case Arrival.LONG | Arrival.NOT_BEGUN:
                self._give_up()

    handle_write_event = handle_expt_event = handle_close = handle_read_event

    def handle_error(self) -> None:
        log.exception("an answer could not be waited for")
        if not self._is_over:
            self._leave()
            self._begun.close()
            self._channel.handle_close()
            self._early.turns.end(self)

    def close(self) -> None:
        """The server ends."""
        self._begun.close()

    def _give_up(self) -> None:
        if not self._is_over:
            self._leave()
            self._early.give_up(self._channel, self._begun)
            self._early.turns.end(self)

    def _leave(self) -> None:
        """Wait no longer."""
        self._is_over = True
        self._early.waiting -= 1
        if self._number is not None:
            del self._early.loop[self._number]
