"""`forgather sandbox run -- CMD`: CMD as an ordinary user of a private systemd; output and exit code as they are."""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from forgather_units.domain.errors import Refused
from forgather_units.sandbox.launch import Sandbox, booted
from forgather_units.sandbox.plan import PERSON
from forgather_units.sandbox.requirements import check_requirements

_UNIT: Final = "sandbox-command.service"
_GRACE: Final = 10.0
_FORWARDED: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_KEPT: Final = ("CI", "COLUMNS", "LANG", "LC_ALL", "LINES", "PATH", "TERM", "TZ", "VIRTUAL_ENV")
_KEPT_PREFIXES: Final = ("FORGATHER_", "PYTEST_", "PYTHON", "PIP_", "SSL_", "REQUESTS_", "NODE_", "npm_config_")


class _Signalled(Exception):
    def __init__(self, number: int) -> None:
        self.number = number


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--system", action="store_true", help="run it as root inside, not as the ordinary user")
    parser.add_argument(
        "--bind", action="append", default=[], metavar="DIR", help="let it write to DIR of this machine"
    )
    parser.add_argument("--bind-ro", action="append", default=[], metavar="DIR", help="let it read DIR of this machine")
    parser.add_argument("--no-user-namespaces", action="store_true", help="forbid them to the ordinary user")
    parser.add_argument("--tree", default="/", metavar="DIR", help="boot this root file system, not this machine's")
    parser.add_argument("--disk", default="", metavar="DIR", help="keep written files in DIR, for a later boot")
    parser.add_argument("--private-network", action="store_true", help="give it a loopback of its own, and no more")
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="-- CMD ...", help="the command to run")


def run(args: argparse.Namespace) -> int:
    """The command's exit code; 128 + N where signal N made us end it by force. Raises a ForgatherError."""
    command = args.command[1:] if args.command[:1] == ["--"] else args.command
    if not command:
        raise Refused("sandbox run needs a command", hint="forgather sandbox run -- systemctl --user status")
    check_requirements()
    with _signals_raise():
        try:
            with booted(
                args.bind,
                args.bind_ro,
                user_namespaces=not args.no_user_namespaces,
                tree=str(Path(args.tree).resolve()),
                private_network=args.private_network,
                disk=args.disk,
            ) as sandbox:
                return _run(sandbox, command, as_root=args.system)
        except _Signalled as caught:
            return 128 + caught.number


def _run(sandbox: Sandbox, command: list[str], *, as_root: bool) -> int:
    process = subprocess.Popen(
        sandbox.enter(_service(sandbox, command, as_root=as_root)),
        # A Ctrl-C must not end systemd-run, whose unit would go on; it is sent to the unit below.
        start_new_session=True,
    )
    try:
        return process.wait()
    except _Signalled as caught:
        number = signal.SIGTERM if caught.number == signal.SIGHUP else caught.number
        # Only the main process, which ends its children.
        kill = ["systemctl", "kill", "--kill-whom=main", f"--signal={number}", _UNIT]
        with _signals_ignored(), contextlib.suppress(subprocess.TimeoutExpired):
            subprocess.run(sandbox.enter(kill), check=False, stderr=subprocess.DEVNULL)
            return process.wait(_GRACE)
        raise
    finally:
        # A command that still runs would delay the power-off.
        process.kill()
        process.wait()


def _service(sandbox: Sandbox, command: list[str], *, as_root: bool) -> list[str]:
    """The systemd-run that runs `command`: a service is in the sandbox's cgroups, which nsenter is not."""
    terminal = sys.stdin.isatty() and sys.stdout.isatty()
    environment = _kept_environment() | ({} if as_root else dict(sandbox.person_environment))
    where = Path("/" if sandbox.plan.is_own_machine else Path.cwd().resolve())
    # systemd takes a bare name or an absolute path.
    program = str(where / command[0]) if "/" in command[0] else command[0]
    return [
        *("systemd-run", "--quiet", "--wait", "--collect", f"--unit={_UNIT}", "--service-type=exec"),
        "--pty" if terminal else "--pipe",
        *(() if as_root else (f"--uid={PERSON}", f"--gid={PERSON}")),
        f"--working-directory={where}",
        *("--property=KillMode=mixed", "--property=TimeoutStopSec=10", "--property=SendSIGHUP=yes"),
        *(f"--setenv={name}={value}" for name, value in environment.items()),
        "--",
        # systemd expands variables in a service's command line.
        *(word.replace("$", "$$") for word in (program, *command[1:])),
    ]


def _kept_environment() -> dict[str, str]:
    def kept(name: str) -> bool:
        return name in _KEPT or name.startswith(_KEPT_PREFIXES)

    own: Mapping[str, str] = {name: value for name, value in os.environ.items() if kept(name)}
    return {"HOME": "/root", **own}


@contextlib.contextmanager
def _signals_raise() -> Iterator[None]:
    def caught(number: int, frame: FrameType | None) -> NoReturn:
        # The first one counts: another in the middle of the clean-up would stop that.
        for each in _FORWARDED:
            signal.signal(each, signal.SIG_IGN)
        raise _Signalled(number)

    before = {number: signal.signal(number, caught) for number in _FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def _signals_ignored() -> Iterator[None]:
    before = {number: signal.signal(number, signal.SIG_IGN) for number in _FORWARDED}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
