"""The account under which this process runs."""

from __future__ import annotations

import os
import pwd
from pathlib import Path


def home_folders() -> tuple[str, ...]:
    """The real paths of this account's home folders: that of the account database, and $HOME where it is another.

    None that do not exist.
    """
    try:
        named = [pwd.getpwuid(os.geteuid()).pw_dir]
    except KeyError:
        named = []
    named.append(os.environ.get("HOME", ""))
    real = [os.path.realpath(path) for path in named if path.startswith("/")]
    return tuple(path for path in dict.fromkeys(real) if Path(path).is_dir())


def account_name() -> str:
    """The name in the account database, not $USER; the uid if it has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
