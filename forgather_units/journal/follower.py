"""One thread follows the journal of all our units and feeds all streams.

It polls its reader every 20 ms while there are listeners: a line arrives 6 ms after it was printed (median), at 1 % of
a core. Waiting for inotify takes 80 ms. Without listeners the thread sleeps.
"""

from __future__ import annotations

import contextlib
import logging
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from typing import Final

from forgather_units.journal.access import Check, DropWatch
from forgather_units.journal.reader import Journal, Line, LineKind

log = logging.getLogger(__name__)

_PAUSE: Final = 0.02
_RETRY_PAUSE: Final = 1.0
_BATCH: Final = 1000
# The reader starts this long (seconds) before the first listener; duplicates are removed by their cursors.
_OVERLAP: Final = 2.0
# A stream that lags by more lines reads the journal itself again, instead of occupying memory.
_MAX_WAITING: Final = 2000
# journald stores a line some milliseconds after it was printed; a finished stream ends after this long without a line.
_QUIET_AT_END: Final = 0.4

_ORDER = re.compile(r"s=(\w+);i=(\w+);.*?t=(\w+)")


def is_after(cursor: str, other: str) -> bool:
    """Whether an entry is newer than another: by journald's sequence number, or by time if the numbering has
    restarted."""
    one, two = _ORDER.match(cursor), _ORDER.match(other)
    if one is None or two is None:
        return cursor != other
    number = 2 if one[1] == two[1] else 3
    return int(one[number], 16) > int(two[number], 16)


class Subscription:
    """One stream: first history, then live lines, each once and in order. For one thread."""

    def __init__(self, journal: Journal, unit: str, after: str | None) -> None:
        self._journal = journal
        self.unit = unit
        self._cursor = after
        self._dropped = ""
        self._announced: Line | None = None
        self._history: Generator[Line, None, None] | None = None
        self._behind = True
        self._missed = False
        """News were dropped since the history in progress began, which may not contain them."""
        self._waiting: deque[Line] = deque()
        self._news = threading.Lock()
        self._finishing_since: float | None = None
        self._closed = False
        self.on_news: Callable[[], None] = _nothing
        """Called in any thread when `get` may return something."""

    @property
    def is_behind(self) -> bool:
        """Whether the next `get` reads the journal, which may block."""
        return self._behind

    @property
    def is_finishing(self) -> bool:
        """Whether the unit has ended; `get` then reads its last lines."""
        return self._finishing_since is not None

    @property
    def cursor(self) -> str | None:
        """The cursor of the last line returned."""
        return self._cursor

    def get(self) -> Line | None:
        """The next line; None if there is none yet or the stream has ended (see `over`)."""
        while not self.over:
            line = self._from_history() if self._behind else self._from_news()
            if line is not None:
                if line.kind is LineKind.DROPPED:
                    # The entry is in another file, near the next line: its cursor is no position to continue from.
                    self._dropped = line.cursor or self._dropped
                else:
                    self._cursor = line.cursor
                return line
            if not self._behind:
                return None
        return None

    @property
    def over(self) -> bool:
        """Whether the stream has ended."""
        return self._closed

    def finish(self) -> None:
        """The unit has ended: end the stream after its last line. Thread-safe."""
        with self._news:
            if self._finishing_since is None:
                self._finishing_since = time.monotonic()
        self.on_news()

    def close(self) -> None:
        """End the stream now. Thread-safe."""
        with self._news:
            self._closed = True
        self.on_news()

    def release(self) -> None:
        """Close the reader of the history. The stream must have ended."""
        history, self._history = self._history, None
        if history is not None:
            # It is an error while another thread reads it, which then drops it.
            with contextlib.suppress(ValueError):
                history.close()

    def offer(self, line: Line) -> None:
        """Add a new line; called by the follower's thread."""
        with self._news:
            if len(self._waiting) >= _MAX_WAITING:
                self._waiting.clear()
                self._behind = self._missed = True
            elif not self._behind or self._history is not None:
                self._waiting.append(line)
        self.on_news()

    def announce(self, line: Line) -> None:
        """Add a line that is not in the journal; returned once the stream has caught up. Thread-safe."""
        with self._news:
            self._announced = line
        self.on_news()

    def _from_history(self) -> Line | None:
        if self._history is None:
            with self._news:
                # Lines offered from now on are kept: the history read below ends after this point.
                self._waiting.clear()
                self._missed = False
                self._history = self._journal.read(self.unit, after=self._cursor)
        line = next(self._history, None)
        if line is None:
            with self._news:
                self._history = None
                self._behind = self._missed
        return line

    def _from_news(self) -> Line | None:
        with self._news:
            if self._announced is not None:
                line, self._announced = self._announced, None
                return line
            while self._waiting:
                line = self._waiting.popleft()
                # The follower may lag behind the history that was just read.
                if line.kind is LineKind.DROPPED:
                    if line.cursor != self._dropped:
                        return line
                elif self._cursor is None or is_after(line.cursor, self._cursor):
                    return line
            if self._finishing_since is not None and time.monotonic() >= self._finishing_since + _QUIET_AT_END:
                return self._read_rest()
        return None

    def _read_rest(self) -> Line | None:
        """Check the journal once more; the stream ends if there is nothing new."""
        with contextlib.closing(self._journal.read(self.unit, after=self._cursor)) as rest:
            line = next(rest, None)
        if line is None:
            self._closed = True
        else:
            self._finishing_since = time.monotonic()
            self._behind = True
            self._history = None
            # The line is read again, and returned, from the history.
        return None


def _nothing() -> None:
    """The default on_news."""


class Follower:
    """The thread and the streams that it feeds.

    `check` tests whether journald drops lines, for a user who cannot read journald's reports.
    """

    def __init__(self, journal: Journal, check: Check | None = None) -> None:
        self._journal = journal
        self._drops = DropWatch(check, self._dropped) if check else None
        self._streams: dict[str, set[Subscription]] = {}
        self._wanted = threading.Condition()
        self._closed = False
        self._read_until = 0.0
        """Seconds since the epoch: everything stored before has been offered."""
        self._thread = threading.Thread(target=self._run, name="journal-follower", daemon=True)
        self._thread.start()

    @contextlib.contextmanager
    def subscribe(self, unit: str, after: str | None = None) -> Iterator[Subscription]:
        """A stream of the output of `unit` after the cursor `after` (None: from its beginning)."""
        stream = Subscription(self._journal, unit, after)
        with self._wanted:
            if self._closed:
                stream.close()
            if not self._streams:
                # Now, not when the thread runs again: the stream reads its history until then at most.
                self._read_until = time.time()
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
            stream.release()

    def close(self) -> None:
        """End all streams and the thread."""
        with self._wanted:
            self._closed = True
            for streams in self._streams.values():
                for stream in streams:
                    stream.close()
            self._wanted.notify()
        self._thread.join(5)

    def _run(self) -> None:
        while self._wait_for_listeners():
            while self._has_listeners():
                try:
                    self._follow()
                except OSError as why:
                    log.warning("cannot follow the journal, trying again: %s", why)
                    time.sleep(_RETRY_PAUSE)
                except Exception:
                    log.exception("following the journal failed: starting again")
                    time.sleep(_RETRY_PAUSE)

    def _wait_for_listeners(self) -> bool:
        with self._wanted:
            while not self._streams and not self._closed:
                self._wanted.wait()
            return not self._closed

    def _has_listeners(self) -> bool:
        with self._wanted:
            return bool(self._streams) and not self._closed

    def _follow(self) -> None:
        """Feed the streams while there are any. After an error it continues where it stopped. Raises OSError."""
        with contextlib.closing(self._journal.follow(self._read_until - _OVERLAP)) as reader:
            while self._has_listeners():
                now = time.time()
                lines = reader.new_lines(_BATCH)
                for line in lines:
                    for stream in self._listeners(line):
                        stream.offer(line)
                if self._drops is not None:
                    self._drops.printed(len(lines))
                if len(lines) < _BATCH:
                    self._read_until = now
                    time.sleep(_PAUSE)

    def _dropped(self) -> None:
        """journald drops lines now; the units and the number are unknown."""
        line = Line("", time.time(), "", b"", kind=LineKind.DROPPED)
        with self._wanted:
            streams = [stream for streams in self._streams.values() for stream in streams]
        for stream in streams:
            stream.announce(line)

    def _listeners(self, line: Line) -> list[Subscription]:
        with self._wanted:
            if line.kind is LineKind.DROPPED:
                return [stream for streams in self._streams.values() for stream in streams]
            return list(self._streams.get(line.unit, ()))
