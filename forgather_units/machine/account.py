"""The account under which this process runs."""

from __future__ import annotations

import os
import pwd


def account_name() -> str:
    """As the machine knows it, whatever $USER says; its number where it has no name."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
