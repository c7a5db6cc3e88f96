"""`forgather service-unit`: installs the server's units in the user manager, without the Debian package."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from forgather_units.cli.installed_command import installed_command
from forgather_units.cli.json_output import print_json
from forgather_units.cli.parser import Parser
from forgather_units.cli.tables import table
from forgather_units.domain.errors import Refused, Unavailable
from forgather_units.host.lingering import enable_lingering, lingers
from forgather_units.host.session import why_no_manager
from forgather_units.settings import paths

_SOURCE: Final = Path(__file__).parents[2] / "service_units" / "user"
_PACKAGED: Final = Path("/usr/lib/systemd/user/forgather-server.service")
_COMMAND: Final = "/usr/bin/forgather"
"""The command in the units of the Debian package."""
_MANAGER_START: Final = 5.0
"""Seconds that a service manager takes to start on a busy host."""
_PYZ: Final = "PEX"
"""The variable in which pex names the file forgather-units.pyz."""
_SERVICE: Final = "forgather-server.service"
_SOCKET: Final = "forgather-server.socket"
_MARK: Final = "# Written by forgather service-unit install; changes of your own: systemctl --user edit UNIT\n"


def add_arguments(parser: Parser) -> None:
    verbs = parser.add_subparsers(metavar="VERB", required=True)
    for name, meaning, run in (
        ("install", "write the units, and start the server now and at each login", _install),
        ("remove", "stop the server and remove the units; TensorBoards keep running", _remove),
        ("status", "the units and their states", _status),
    ):
        leaf = verbs.add_parser(name, help=meaning, description=meaning, allow_abbrev=False)
        leaf.set_defaults(run=run)
        if run is _status:
            leaf.add_argument("--json", action="store_true", help="print JSON and nothing else")
        if run is _install:
            leaf.add_argument("--no-start", action="store_true", help="only write the units")
            leaf.add_argument(
                "--socket",
                action="store_true",
                help="socket activation: the server starts at the first request, and restarts lose no request",
            )


def _install(args: argparse.Namespace) -> int:
    if _PACKAGED.exists() and not _SOURCE.is_dir():
        raise Refused("the Debian package has the units already", hint=f"systemctl --user enable --now {_SERVICE}")
    if not args.no_start:
        _check_manager()
    folder = _folder()
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(_SOURCE.iterdir()):
        text = source.read_text(encoding="utf-8").replace(_COMMAND, _own_command())
        (folder / source.name).write_text(_MARK + text, encoding="utf-8")
        print(f"wrote {folder / source.name}")
    if args.no_start:
        return 0
    _systemctl("daemon-reload")
    unit = _SOCKET if args.socket else _SERVICE
    if args.socket:
        # A running server holds the address. TensorBoards keep running.
        _systemctl("stop", _SERVICE)
    _systemctl("enable", unit)
    # After an upgrade, `install` again starts the new version.
    _systemctl("restart", unit)
    print(f"started {unit}; its address: systemctl --user status {_SERVICE}")
    if not lingers():
        print(f"it ends when you log out, and starts when you log in: lingering is off ({enable_lingering()})")
    return 0


def _remove(args: argparse.Namespace) -> int:
    ours = [file for file in _unit_files() if file.read_text(encoding="utf-8").startswith(_MARK)]
    if not ours:
        raise Refused(f"forgather service-unit install has written nothing to {_folder()}")
    stoppable = [file.name for file in ours if file.suffix != ".slice"]
    _systemctl("disable", "--now", *stoppable)
    for file in ours:
        file.unlink()
        print(f"removed {file}")
    _systemctl("daemon-reload")
    return 0


def _status(args: argparse.Namespace) -> int:
    rows = []
    for name in (_SERVICE, _SOCKET):
        about = _systemctl("show", "--property=FragmentPath,ActiveState,UnitFileState", name)
        facts = dict(line.partition("=")[::2] for line in about.splitlines())
        if facts.get("FragmentPath"):
            rows.append((name, facts["ActiveState"], facts["UnitFileState"], facts["FragmentPath"]))
    if args.json:
        print_json([dict(zip(("unit", "state", "at_login", "file"), row, strict=True)) for row in rows])
        return 0 if rows else 1
    if not rows:
        print("no units are installed", file=sys.stderr)
        return 1
    print(table(("UNIT", "STATE", "AT LOG-IN", "FILE"), rows))
    return 0


def _unit_files() -> list[Path]:
    names = [source.name for source in _SOURCE.iterdir()] if _SOURCE.is_dir() else []
    return [_folder() / name for name in sorted(names) if (_folder() / name).is_file()]


def _folder() -> Path:
    return paths.user_units()


def _own_command() -> str:
    """The command that starts this installation, for a unit file."""
    if file := os.environ.get(_PYZ):
        # Its environment is in a cache folder, which may be emptied.
        return f"{_quoted(_stable_python())} {_quoted(Path(file))}"
    command = installed_command(Path(sys.executable).parent)
    if command is None:
        raise Refused(f"there is no forgather command beside {sys.executable}", hint="pip install forgather-units")
    return _quoted(command)


def _stable_python() -> Path:
    """The interpreter by its name without a version, which outlives an upgrade of the distribution."""
    python = Path(sys.executable).resolve()
    named = python.with_name("python3")
    return named if named.resolve() == python else python


def _quoted(command: Path) -> str:
    """Escaped for a unit file: % and $ start specifiers and variables."""
    text = str(command).replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%").replace("$", "$$")
    return f'"{text}"' if any(letter in text for letter in " \t'\"\\") else text


def _check_manager() -> None:
    """Raises Unavailable with the command that starts the service manager, before anything is written."""
    why, fix = why_no_manager()
    deadline = time.monotonic() + _MANAGER_START
    # `loginctl enable-linger` returns before the manager has its bus, and no event reports that.
    while why and lingers() and time.monotonic() < deadline:
        time.sleep(0.05)
        why, fix = why_no_manager()
    if why:
        raise Unavailable(why, hint=fix)


def _systemctl(*words: str) -> str:
    if shutil.which("systemctl") is None:
        raise Unavailable("systemctl is not installed", hint="forgather server runs in the foreground")
    done = subprocess.run(["systemctl", "--user", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable(f"systemctl --user {words[0]} failed: {' '.join(done.stderr.split())}")
    return done.stdout
