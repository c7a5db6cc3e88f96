"""Explains why this account, or its viewers, may not read a folder, and who can change that."""

from __future__ import annotations

import os
import pwd
import shlex
import stat
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.host.account import account_name
from forgather_units.host.this_machine import this_machine
from forgather_units.systemd.manager_groups import joined_since

_ENTER: Final = 0o1
_READ_AND_ENTER: Final = 0o5


def check_readable(folder: Path, what: str, field: str) -> None:
    """Raises Refused unless `folder` can be read and entered, by this process and by the viewers.

    `what` names it in the sentence: `logdir`. Viewers have the groups of the user manager, not of this process.
    """
    user, closed = account_name(), closed_above(folder)
    if (group := _late_group(folder)) is not None:
        raise Refused(
            f"{what} {folder} cannot be read: {user} is in the group {group}, but its service manager was started"
            " before it joined",
            hint=log_in_again(user),
            field=field,
        )
    if closed is not None:
        raise Refused(
            f"{what} {folder} cannot be read: {closed} is closed to {user}", hint=_how_to_grant(folder), field=field
        )
    if not os.access(folder, os.R_OK | os.X_OK):
        raise Refused(f"{what} {folder} cannot be read by {user}", hint=_how_to_grant(folder), field=field)


def log_in_again(user: str) -> str:
    """The instruction that gives the service manager the present groups."""
    return f"log out completely (loginctl terminate-user {user}, which ends its jobs too) and in again"


def closed_above(folder: Path) -> Path | None:
    """The first folder on the way from the root that may not be passed."""
    return next((each for each in reversed(folder.parents) if not os.access(each, os.X_OK)), None)


def _late_group(folder: Path) -> str | None:
    """The group that would let viewers in and that the user manager was started without."""
    # Last: the manager must respond, and the group database may be a directory service.
    deciding = _deciding_groups(folder)
    late = joined_since(this_machine()) if deciding else {}
    return next((late[gid] for gid in deciding if gid in late), None)


def _deciding_groups(folder: Path) -> list[int]:
    """The groups of those folders on the way that only their group may pass (and, at the end, read)."""
    found = []
    for each in (*reversed(folder.parents), folder):
        need = _READ_AND_ENTER if each == folder else _ENTER
        try:
            facts = each.stat()
        except OSError:
            break
        mode = stat.S_IMODE(facts.st_mode)
        if facts.st_uid != os.geteuid() and mode & need != need and (mode >> 3) & need == need:
            found.append(facts.st_gid)
    return found


def _how_to_grant(folder: Path) -> str:
    """The owner, and a command that grants access only to this account."""
    user, closed = account_name(), closed_above(folder)
    name = shlex.quote(str(folder))
    owner = _owner(closed or folder)
    if owner == user:
        return f"it is yours: chmod u+rX {shlex.quote(str(closed or folder))}"
    way = f"setfacl -m u:{user}:x {shlex.quote(str(closed))} && " if closed is not None else ""
    return f"its owner ({owner}) can grant it: {way}setfacl -R -m u:{user}:rX,d:u:{user}:rX {name}"


def _owner(path: Path) -> str:
    try:
        owner = path.stat().st_uid
    except OSError:
        return "not known"
    try:
        return pwd.getpwuid(owner).pw_name
    except KeyError:
        return str(owner)
