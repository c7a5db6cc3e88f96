"""One thread follows the journal of all our units and feeds every stream.

It polls its reader every 20 ms while anybody listens: a line is then seen 6 ms after it was printed (median), where
waiting for inotify takes 80 ms, at 1 % of a core. Without listeners it sleeps.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Final

from forgather_units.units.journal import Journal, Kind, Line

log = logging.getLogger(__name__)

_PAUSE: Final = 0.02
_BATCH: Final = 1000
# The reader is placed this much before the first listener came (seconds): what it reads twice is sorted out by cursor.
_OVERLAP: Final = 2.0
# A stream that is this many lines behind goes back to reading the journal itself, and costs no memory.
_MOST_WAITING: Final = 2000
# journald stores a line some milliseconds after it was printed; a finished stream is read until it was quiet so long.
_QUIET_AT_END: Final = 0.4

_ORDER = re.compile(r"s=(\w+);i=(\w+);.*?t=(\w+)")


def is_after(cursor: str, other: str) -> bool:
    """Whether an entry is younger than another: by journald's sequence number, by time where that was begun anew."""
    one, two = _ORDER.match(cursor), _ORDER.match(other)
    if one is None or two is None:
        return cursor != other
    number = 2 if one[1] == two[1] else 3
    return int(one[number], 16) > int(two[number], 16)


class Subscription:
    """One stream: history first, then live, each line once and in order. Read it from one thread."""

    def __init__(self, journal: Journal, unit: str, after: str | None) -> None:
        self._journal = journal
        self.unit = unit
        self._cursor = after
        self._dropped = ""
        self._history: Iterator[Line] | None = None
        self._behind = True
        self._waiting: deque[Line] = deque()
        self._news = threading.Condition()
        self._finishing_since: float | None = None
        self._closed = False
        self.on_news: Callable[[], None] = _nothing
        """Called, in any thread, when there may be something to `get`: for who does not wait in it."""

    @property
    def is_behind(self) -> bool:
        """Whether the next `get` reads the journal, which takes its time."""
        return self._behind

    @property
    def is_finishing(self) -> bool:
        """Whether the unit has ended: from now on `get` looks for its last lines."""
        return self._finishing_since is not None

    @property
    def cursor(self) -> str | None:
        """The place of the last line given out."""
        return self._cursor

    def get(self, timeout: float) -> Line | None:
        """The next line; None if none came within `timeout` seconds or the stream is over (see `over`)."""
        deadline = time.monotonic() + timeout
        while not self.over:
            line = self._from_history() if self._behind else self._from_news(deadline)
            if line is not None:
                if line.kind is Kind.DROPPED:
                    # journald says it in another file, about the time of the next line: it is no place to go on from.
                    self._dropped = line.cursor
                else:
                    self._cursor = line.cursor
                return line
            if not self._behind and time.monotonic() >= deadline:
                return None
        return None

    @property
    def over(self) -> bool:
        """Whether nothing will come any more."""
        return self._closed

    def finish(self) -> None:
        """The unit has ended: end the stream once all that it printed was given out. Any thread."""
        with self._news:
            if self._finishing_since is None:
                self._finishing_since = time.monotonic()
            self._news.notify()
        self.on_news()

    def close(self) -> None:
        """End the stream now. Any thread."""
        with self._news:
            self._closed = True
            self._news.notify()
        self.on_news()

    def offer(self, line: Line) -> None:
        """A new line, from the follower's thread."""
        with self._news:
            if len(self._waiting) >= _MOST_WAITING:
                self._waiting.clear()
                self._behind = True
            elif not self._behind or self._history is not None:
                self._waiting.append(line)
            self._news.notify()
        self.on_news()

    def _from_history(self) -> Line | None:
        if self._history is None:
            with self._news:
                # What is offered from here on is kept: the history that is now read ends behind it.
                self._waiting.clear()
                self._history = self._journal.read(self.unit, after=self._cursor)
        line = next(self._history, None)
        if line is None:
            self._history = None
            with self._news:
                self._behind = False
        return line

    def _from_news(self, deadline: float) -> Line | None:
        with self._news:
            while not self._closed and not self._behind:
                while self._waiting:
                    line = self._waiting.popleft()
                    # The follower may be behind the history that was read in the meantime.
                    if line.kind is Kind.DROPPED:
                        if line.cursor != self._dropped:
                            return line
                    elif self._cursor is None or is_after(line.cursor, self._cursor):
                        return line
                wait = deadline - time.monotonic()
                if self._finishing_since is not None:
                    left = self._finishing_since + _QUIET_AT_END - time.monotonic()
                    if left <= 0:
                        return self._last_look()
                    wait = min(wait, left)
                if wait <= 0:
                    return None
                self._news.wait(wait)
        return None

    def _last_look(self) -> Line | None:
        """Once more from the journal itself; with nothing there the stream is over."""
        line = next(self._journal.read(self.unit, after=self._cursor), None)
        if line is None:
            self._closed = True
        else:
            self._finishing_since = time.monotonic()
            self._behind = True
            self._history = None
            # It is read again, and given out, from the history.
        return None


def _nothing() -> None:
    """Nobody is to be woken."""


class Follower:
    """The thread, and the streams that it feeds."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._streams: dict[str, set[Subscription]] = {}
        self._wanted = threading.Condition()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="journal-follower", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def subscribe(self, unit: str, after: str | None = None) -> Iterator[Subscription]:
        """A stream of what `unit` prints, from the cursor `after` on (None: from its beginning)."""
        stream = Subscription(self._journal, unit, after)
        with self._wanted:
            if self._closed:
                stream.close()
            self._streams.setdefault(unit, set()).add(stream)
            self._wanted.notify()
        try:
            yield stream
        finally:
            with self._wanted:
                streams = self._streams.get(unit, set())
                streams.discard(stream)
                if not streams:
                    self._streams.pop(unit, None)
            stream.close()

    def close(self) -> None:
        """End every stream, and the thread."""
        with self._wanted:
            self._closed = True
            for streams in self._streams.values():
                for stream in streams:
                    stream.close()
            self._wanted.notify()
        self._thread.join(5)

    def _run(self) -> None:
        while self._wait_for_listeners():
            try:
                self._follow()
            except Exception:
                log.exception("following the journal failed: beginning again")
                time.sleep(1)

    def _wait_for_listeners(self) -> bool:
        with self._wanted:
            while not self._streams and not self._closed:
                self._wanted.wait()
            return not self._closed

    def _follow(self) -> None:
        """Feed the streams for as long as there are any."""
        with contextlib.closing(self._journal.follow(time.time() - _OVERLAP)) as reader:
            while self._streams and not self._closed:
                lines = reader.new_lines(_BATCH)
                for line in lines:
                    for stream in self._listeners(line):
                        stream.offer(line)
                if len(lines) < _BATCH:
                    time.sleep(_PAUSE)

    def _listeners(self, line: Line) -> list[Subscription]:
        with self._wanted:
            if line.kind is Kind.DROPPED:
                return [stream for streams in self._streams.values() for stream in streams]
            return list(self._streams.get(line.unit, ()))
