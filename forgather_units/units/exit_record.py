"""How a unit ended, recorded by the unit itself.

systemd unloads a unit that ended well, and a user manager logs nothing about it in the journal. So each unit's
ExecStopPost= writes a line into the server's state folder: it is written whether a server runs or not, before the unit
counts as inactive. It also records whether a stop job (as from `systemctl stop`) was in progress, which distinguishes
a stopped viewer from a viewer that exited by itself. A stop of the service stops its socket too: otherwise the next
request would start it again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from signal import Signals
from typing import Any, Final


@dataclass(frozen=True, slots=True)
class ExitRecord:
    """systemd's words: `result` is the service's ($SERVICE_RESULT), `code` and `signal` as in domain.Exit."""

    result: str
    code: int | None
    signal: int | None
    invocation_id: str
    stopped: bool
    """The server, a user with systemctl, or the manager at its own end requested a stop of the unit."""
    at: float
    """Seconds since the epoch."""
    with_manager: bool = False
    """Its manager was stopping."""


def read_exit_record(file: Path, spare: Path | None = None) -> ExitRecord | None:
    """The newer record of those in `file` and in `spare`, None where there is none (or none that can be read)."""
    found = [record for each in (file, spare) if each is not None and (record := _read(each))]
    return max(found, key=lambda record: record.at, default=None)


def _read(file: Path) -> ExitRecord | None:
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
        stopped=stopped != "0",
        at=at,
        with_manager=stopped == "with-manager",
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
    """The same from the properties of a loaded unit, for a unit that could not even run ExecStopPost."""
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
