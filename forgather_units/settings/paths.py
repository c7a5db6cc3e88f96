"""Folders of state, cache and settings: XDG, or the variables of a systemd service ($STATE_DIRECTORY)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SYSTEM_CONFIG = Path("/etc/forgather/units.yaml")


def _xdg(environ: Mapping[str, str], variable: str, default: str) -> Path:
    value = environ.get(variable, "")
    # The specification: a relative path in these variables is invalid and to be ignored.
    return Path(value) if value.startswith("/") else Path.home() / default


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the queue and the history. systemd's $STATE_DIRECTORY (its first folder) wins."""
    given = environ.get("STATE_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else _xdg(environ, "XDG_STATE_HOME", ".local/state") / "forgather"


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of caches. systemd's $CACHE_DIRECTORY (its first folder) wins."""
    given = environ.get("CACHE_DIRECTORY", "").partition(":")[0]
    return Path(given) if given else _xdg(environ, "XDG_CACHE_HOME", ".cache") / "forgather-units"


def own_config(environ: Mapping[str, str] = os.environ) -> Path:
    """Where the user's settings file is, or would be."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "forgather" / SYSTEM_CONFIG.name


def user_units(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the user's own unit files."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "systemd" / "user"


def auth_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the token, where Forgather's own client looks for it."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "forgather" / "server"
