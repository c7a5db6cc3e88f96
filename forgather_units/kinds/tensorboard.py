"""TensorBoard, the stock command."""

from __future__ import annotations

import re
from typing import Any, Final

from forgather_units.domain.errors import Malformed, Refused
from forgather_units.domain.program import Program
from forgather_units.domain.tensorboard import DEFAULT_PORT, TensorBoardOptions, job_flags
from forgather_units.kinds import params
from forgather_units.kinds.kind import Facts, Kind
from forgather_units.machine.logdir import inspect_logdir
from forgather_units.machine.tensorboard_cli import find_tensorboard, folders_of

_SAMPLES: Final = re.compile(r"[A-Za-z0-9_.-]+=\d+(,[A-Za-z0-9_.-]+=\d+)*")


def _reload_interval(given: params.Params, name: str) -> float | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        seconds = float(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        seconds = None
    if seconds is None or seconds != seconds:
        raise Malformed(f"reload_interval must be a number of seconds, not {value!r}", field=name)
    if not 0 <= seconds <= 1e9:
        raise Refused("reload_interval cannot be below 0 seconds (0 loads once)", field=name)
    return seconds


def _samples(given: params.Params, name: str) -> str | None:
    value = params.optional_text(given, name)
    if value is not None and not _SAMPLES.fullmatch(value):
        raise Refused("samples_per_plugin must look like images=100,scalars=500", field=name)
    return value


def _check(options: TensorBoardOptions) -> Facts:
    facts = inspect_logdir(options.logdir)
    empty = f"{options.logdir} has no event files yet: TensorBoard will be empty until a run writes some"
    return Facts(() if facts.event_files else (empty,), facts.links_out)


def _find(command: str) -> Program:
    command = command or find_tensorboard()
    return Program((command,), folders_of(command))


def _flags(options: TensorBoardOptions, port: int, prefix: str, _prepared: str) -> list[str]:
    return job_flags(options, port, prefix)


def _ready(prefix: str) -> str:
    # Its cheapest address: who answers there is the job's own TensorBoard.
    return f"{prefix}/data/environment"


_PARSERS: Final[dict[str, Any]] = {
    "logdir": params.path,
    "port": params.port(DEFAULT_PORT),
    "host": params.optional_text,
    "bind_all": params.truth,
    "window_title": params.optional_text,
    "reload_interval": _reload_interval,
    "reload_multifile": params.truth,
    "samples_per_plugin": _samples,
}

TENSORBOARD: Final = Kind(
    name="tensorboard",
    segment="tb",
    noun="TensorBoard",
    usual_port=DEFAULT_PORT,
    options=TensorBoardOptions,
    parsers=_PARSERS,
    required="logdir",
    check=_check,
    find=_find,
    command_line=_flags,
    ready=_ready,
)
