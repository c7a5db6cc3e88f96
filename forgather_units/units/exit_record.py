"""How a unit ended, written down by the unit itself.

systemd forgets a unit that ended well, and a user manager leaves no word of it in the journal. So each unit's
ExecStopPost= leaves a line in our state folder: it is written whether a server runs or not, before the unit
counts as inactive. It also notes whether a stop job (what `systemctl stop` makes) was in progress: that alone tells a
viewer that was stopped from one that went by itself. Who stops the service of a socket means the viewer: the socket
goes with it, or the next request would start it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any, Final

SCRIPT: Final = Path(__file__).with_name("exit_record.sh")


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """systemd's words: `result` is the service's ($SERVICE_RESULT), `code` and `signal` as in domain.Exit."""

    result: str
    code: int | None
    signal: int | None
    invocation_id: str
    stopped: bool
    """A stop of the unit was asked for, by us or by anybody with systemctl."""
    at: float
    """Seconds since the epoch."""


def stop_post_command(
    file: Path, unit: str, scope_flag: str, socket: str = ""
) -> list[tuple[bytes, list[bytes], list[bytes]]]:
    """The value of ExecStopPostEx= that writes `file`. Its failure must not count as the viewer's.

    `socket` is the unit that has the viewer's port, where there is one. `privileged` means: outside of the sandbox,
    since inside neither `file` nor the manager can be reached.
    """
    argv = ["/bin/sh", str(SCRIPT), str(file), unit, scope_flag, socket]
    return [(b"/bin/sh", [word.encode() for word in argv], [b"ignore-failure", b"no-env-expand", b"privileged"])]


def read_exit_record(file: Path) -> ExitRecord | None:
    """The record in `file`, None where there is none (or none that can be read)."""
    try:
        words = file.read_text(encoding="ascii").split()
        at = file.stat().st_mtime
    except (OSError, UnicodeDecodeError):
        return None
    if len(words) != 5:
        return None
    result, how, status, invocation_id, stopped = words
    return ExitRecord(
        result=result,
        code=int(status) if how == "exited" and status.isdigit() else None,
        signal=_signal(status) if how in ("killed", "dumped") else None,
        invocation_id=invocation_id,
        stopped=stopped == "1",
        at=at,
    )


def _signal(name: str) -> int | None:
    base, _, above = name.partition("+")  # a real-time signal: RTMIN+6
    try:
        return Signals[f"SIG{base}"] + int(above or 0) if not name.isdigit() else int(name)
    except (KeyError, ValueError):
        return None


_CLD_EXITED: Final = 1
"""The value of ExecMainCode for an ordinary exit; 2 and 3 are deaths by signal (waitid(2))."""


def exit_of_properties(properties: dict[str, Any], now: float) -> ExitRecord:
    """The same from the properties of a unit that is still loaded, for one that could not even run ExecStopPost."""
    main_code, status = properties["ExecMainCode"], properties["ExecMainStatus"]
    ended = properties["InactiveEnterTimestamp"] / 1e6
    return ExitRecord(
        result=properties["Result"],
        code=status if main_code == _CLD_EXITED else None,
        signal=status if main_code > _CLD_EXITED else None,
        invocation_id=bytes(properties["InvocationID"] or []).hex(),
        stopped=False,
        at=ended or now,
    )
