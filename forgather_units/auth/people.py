"""Accounts that may use a shared server: the members of a group, some of whom are admins."""

from __future__ import annotations

import grp
import os
import pwd
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from forgather_units.host.account import account_name

_ROOT: Final = 0
# Seconds until a change of group membership is noticed; otherwise each request would query the directory.
_CACHE_SECONDS: Final = 10.0
_MAX_NAMES: Final = 1000
_GROUP_MARK: Final = "%"


@dataclass(frozen=True, slots=True)
class Person:
    """An account by its name. An admin may change jobs of others."""

    name: str
    is_admin: bool = False

    def may_change(self, owner: str) -> bool:
        """Whether they may end and reorder jobs that `owner` has queued."""
        return self.is_admin or self.name == owner


OWNER: Final = Person(account_name(), is_admin=True)
"""The caller with the server's token: its owner, or an admin of the machine."""


class People:
    """Thread-safe. `group` is empty for a server of one user; `admins` are names, or groups as `%wheel`."""

    def __init__(
        self, group: str = "", admins: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._group = group
        self._admins = frozenset(admins)
        self._clock = clock
        self._cache: dict[int, tuple[float, Person | None]] = {}
        self._signed_in: dict[str, tuple[float, Person | None]] = {}

    def by_name(self, name: str) -> Person | None:
        """None if the account is not permitted (any more)."""
        if name == OWNER.name:
            return OWNER
        try:
            return self.by_uid(pwd.getpwnam(name).pw_uid)
        except KeyError:
            return None

    def signed_in_as(self, name: str) -> Person | None:
        """The person whom a trusted proxy names; None if not permitted.

        The proxy asserts a name, the kernel an account: so it names neither root nor, on a shared host, the server's
        own account (unless that is one of `admins`). Without a group the server's owner is the only person.
        """
        now = self._clock()
        since, person = self._signed_in.get(name, (float("-inf"), None))
        if now - since > _CACHE_SECONDS:
            person = self._named(name)
            if len(self._signed_in) >= _MAX_NAMES:
                self._signed_in.clear()
            self._signed_in[name] = (now, person)
        return person

    def _named(self, name: str) -> Person | None:
        try:
            uid = pwd.getpwnam(name).pw_uid
        except (KeyError, ValueError):
            return None
        if uid == os.geteuid():
            return OWNER if not self._group or OWNER.name in self._admins else None
        return None if uid == _ROOT else self.by_uid(uid)

    def by_uid(self, uid: int) -> Person | None:
        """The person with this uid; None if not permitted.

        Never the server's own account: viewers run under it, and a viewer that is compromised by a hostile run must
        not be an admin.
        """
        if not self._group or uid == os.geteuid():
            return None
        now = self._clock()
        since, person = self._cache.get(uid, (float("-inf"), None))
        if now - since > _CACHE_SECONDS:
            person = self._look_up(uid)
            self._cache[uid] = (now, person)
        return person

    def _look_up(self, uid: int) -> Person | None:
        try:
            account = pwd.getpwuid(uid)
            groups = frozenset(map(_group_name, os.getgrouplist(account.pw_name, account.pw_gid)))
        except (KeyError, OSError):
            return None
        name = account.pw_name
        by_group = {f"{_GROUP_MARK}{group}" for group in groups}
        is_admin = uid == _ROOT or bool(self._admins & {name, *by_group})
        return Person(name, is_admin) if is_admin or self._group in groups else None


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
