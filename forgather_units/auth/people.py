"""The people of this machine who may use a shared server: members of a group; and which of them are its admins."""

from __future__ import annotations

import grp
import os
import pwd
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from forgather_units.machine.account import account_name

_ROOT: Final = 0
# Who was put into a group, or out of it, is known this soon (seconds); each request would else ask the directory.
_KNOWN_FOR: Final = 10.0
_GROUP_MARK: Final = "%"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody by the name of their account. An admin may change what is others'."""

    name: str
    is_admin: bool = False

    def may_change(self, owner: str) -> bool:
        """Whether they may end, and put elsewhere in the queue, what `owner` has queued."""
        return self.is_admin or self.name == owner


OWNER: Final = Person(account_name(), is_admin=True)
"""Whoever has the server's token: the person whose server it is, or an admin of the machine."""


class People:
    """Any thread. `group` is empty for a server of one person; `admins` are names, or groups as `%wheel`."""

    def __init__(
        self, group: str = "", admins: Iterable[str] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._group = group
        self._admins = frozenset(admins)
        self._clock = clock
        self._known: dict[int, tuple[float, Person | None]] = {}

    def by_name(self, name: str) -> Person | None:
        """None for one who may not (any more)."""
        if name == OWNER.name:
            return OWNER
        try:
            return self.by_uid(pwd.getpwnam(name).pw_uid)
        except KeyError:
            return None

    def by_uid(self, uid: int) -> Person | None:
        """Who is behind a connection of this user; None for one who may not.

        Never the server's own account: its viewers run under it, and what a hostile run makes of one of them must not
        be an admin.
        """
        if not self._group or uid == os.geteuid():
            return None
        now = self._clock()
        since, person = self._known.get(uid, (float("-inf"), None))
        if now - since > _KNOWN_FOR:
            person = self._look_up(uid)
            self._known[uid] = (now, person)
        return person

    def _look_up(self, uid: int) -> Person | None:
        try:
            account = pwd.getpwuid(uid)
            groups = frozenset(map(_group_name, os.getgrouplist(account.pw_name, account.pw_gid)))
        except (KeyError, OSError):
            return None
        name = account.pw_name
        by_group = {f"{_GROUP_MARK}{each}" for each in groups}
        is_admin = uid == _ROOT or bool(self._admins & {name, *by_group})
        return Person(name, is_admin) if is_admin or self._group in groups else None


def _group_name(number: int) -> str:
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)
