"""Ends streams and transfers when the credentials that opened them are withdrawn.

The gate checks credentials once, at the start of a request. Signing out and a change of the password or the token are
events: each one rechecks the open responses.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from forgather_units.auth.credentials import Presented, presented
from forgather_units.domain.errors import ForgatherError

log = logging.getLogger(__name__)

ADMISSIONS: Final = "forgather.admissions"
"""Key in the WSGI environ, set by the gate: the Admissions that a long response registers with."""

EndOnWithdrawal = Callable[[Callable[[], None]], AbstractContextManager[None]]
"""`with register(end)`: calls `end`, once and in any thread, when the request's credentials become invalid; immediately
if they already are. `end` must not block."""


@dataclass(eq=False, slots=True)
class _Entry:
    credentials: Presented
    account: str | None
    end: Callable[[], None]


class Admissions:
    """Registry of open responses. `account_of` maps credentials to an account, None: invalid. Thread-safe."""

    def __init__(self, account_of: Callable[[Presented], str | None]) -> None:
        self._account_of = account_of
        self._lock = threading.Lock()
        self._entries: set[_Entry] = set()

    def __len__(self) -> int:
        return len(self._entries)

    @contextmanager
    def registered(self, credentials: Presented, end: Callable[[], None]) -> Iterator[None]:
        """An EndOnWithdrawal for a request with these credentials."""
        entry = _Entry(credentials, self._account(credentials), end)
        with self._lock:
            self._entries.add(entry)
        try:
            # The credentials may have been withdrawn since the gate checked them.
            self._review(entry)
            yield
        finally:
            with self._lock:
                self._entries.discard(entry)

    def review(self) -> None:
        """End the responses whose credentials are no longer valid."""
        with self._lock:
            entries = tuple(self._entries)
        for entry in entries:
            self._review(entry)

    def _review(self, entry: _Entry) -> None:
        account = self._account(entry.credentials)
        if account is not None and account == entry.account:
            return
        # Under the lock: a finished response may have closed what `end` uses.
        with self._lock:
            if entry in self._entries:
                self._entries.discard(entry)
                entry.end()

    def _account(self, credentials: Presented) -> str | None:
        try:
            return self._account_of(credentials)
        except ForgatherError as why:
            # The gate refuses every request in this case.
            log.error("%s", why.message)
            return None


def end_on_withdrawal(environ: dict[str, Any]) -> EndOnWithdrawal:
    """The EndOnWithdrawal of this request's response. Keeps no reference to `environ`."""
    admissions: Admissions | None = environ.get(ADMISSIONS)
    if admissions is None:  # served without a gate
        return lambda end: nullcontext()
    return partial(admissions.registered, presented(environ))


def while_admitted(environ: dict[str, Any], pieces: Iterable[bytes]) -> Iterator[bytes]:
    """A body that a worker thread sends in pieces; raises ConnectionAbortedError when the credentials are withdrawn."""
    holds, withdrawn = end_on_withdrawal(environ), threading.Event()

    def passed_on() -> Iterator[bytes]:
        with holds(withdrawn.set):
            for piece in pieces:
                if withdrawn.is_set():
                    raise ConnectionAbortedError("the credentials were withdrawn")
                yield piece

    return passed_on()
