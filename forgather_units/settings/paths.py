"""Folders of state, cache and settings: XDG, or the variables of a systemd service ($STATE_DIRECTORY)."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

SYSTEM_CONFIG = Path("/etc/forgather/config.yaml")


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


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's settings file; the system's where the user has none."""
    own = _xdg(environ, "XDG_CONFIG_HOME", ".config") / "forgather" / "config.yaml"
    return own if own.exists() or not SYSTEM_CONFIG.exists() else SYSTEM_CONFIG


def user_units(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the user's own unit files."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "systemd" / "user"


def auth_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """The folder of the token, where Forgather's own client looks for it."""
    return _xdg(environ, "XDG_CONFIG_HOME", ".config") / "forgather" / "server"
