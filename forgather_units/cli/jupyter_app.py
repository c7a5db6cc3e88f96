"""The entry point for jupyter-server-proxy: a tile in JupyterLab's launcher that opens this user's server, signed in.

Jupyter's environment may lack the server's libraries, and each start of Jupyter imports this module: no others here.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any, Final

from forgather_units.cli.installed_command import NAMES, installed_command

_START_SECONDS: Final = 60.0


def server_process() -> dict[str, Any]:
    """The definition of a server, as jupyter-server-proxy documents it."""
    return {
        "command": [_program(), "jupyter", "{unix_socket}"],
        "unix_socket": True,
        "timeout": _START_SECONDS,
        "request_headers_override": _headers,
        "launcher_entry": {"title": "Forgather Units", "category": "Other"},
    }


def _program() -> str:
    """The command of the same installation, else that of the PATH."""
    if beside := installed_command(Path(sys.executable).parent):
        return str(beside)
    return next(filter(None, map(shutil.which, NAMES)), NAMES[0])


def _headers() -> dict[str, str]:
    """For each request: the token stays in this process, and a new one is used at once."""
    from forgather_units.settings.settings import load

    try:
        token = (load(None, {}).auth_dir / "auth_token").read_text(encoding="ascii").strip()
    except FileNotFoundError:  # a server without authentication
        return {}
    return {"Authorization": f"Bearer {token}"}
