"""The body of POST /api/queue, parsed once: what comes out of here is valid or was refused with one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, Final

from forgather_units.domain import quantities
from forgather_units.domain.errors import Malformed, Refused
from forgather_units.domain.job import JobType, Submission
from forgather_units.domain.placement import Placing
from forgather_units.domain.tensorboard import AUTO, DEFAULT_PORT, Port, TensorBoardOptions
from forgather_units.machine.addresses import check_host
from forgather_units.machine.logdir import LogdirFacts, inspect_logdir

_SAMPLES: Final = re.compile(r"[A-Za-z0-9_.-]+=\d+(,[A-Za-z0-9_.-]+=\d+)*")
_PRIORITIES: Final = range(-1_000_000, 1_000_001)
_FIELDS: Final = (
    "project_dir",
    "config",
    "dynamic_args",
    "requested_gpus",
    "priority",
    "job_type",
    "job_params",
)

Body = Mapping[str, Any]


def parse_submission(body: Any, no_sockets: str = "") -> tuple[Submission, list[str]]:
    """The submission and its warnings (sentences). Raises Malformed (shape) or Refused (cannot be).

    `no_sockets` is the reason why this host has no socket placement; empty where it has.
    """
    if not isinstance(body, dict):
        raise Malformed("the body must be one JSON object")
    _only(body, _FIELDS, "")
    _job_type(body)
    params = _params(body)
    options = TensorBoardOptions(**_parsed(TensorBoardOptions, params))
    placing = _placing(params, no_sockets)
    facts = _look_at_machine(options)
    if _whole(body, "requested_gpus", 0) < 0:
        raise Refused("requested_gpus cannot be negative", field="requested_gpus")
    submission = Submission(
        project_dir=_text(body, "project_dir", required=True) or "",
        config=_text(body, "config", required=True) or "",
        options=options,
        priority=parse_priority(body),
        # A viewer never holds a GPU, whatever was asked for.
        requested_gpus=0,
        dynamic_args=_mapping(body, "dynamic_args"),
        placing=placing,
        read_only_paths=facts.links_out,
    )
    return submission, _warnings(options, facts)


def parse_priority(body: Body) -> int:
    """`priority`, 0 where it is not given."""
    priority = _whole(body, "priority", 0)
    if priority not in _PRIORITIES:
        raise Refused(f"priority must be from {_PRIORITIES[0]} to {_PRIORITIES[-1]}", field="priority")
    return priority


def _job_type(body: Body) -> JobType:
    given = _text(body, "job_type", required=True)
    try:
        return JobType(given or "")
    except ValueError:
        known = ", ".join(JobType)
        raise Refused(f"unsupported job_type {given!r}: this server runs {known}", field="job_type") from None


def _params(body: Body) -> Body:
    if body.get("job_params") is None:
        raise Refused("job_params is missing: a tensorboard needs at least a logdir", field="job_params")
    params = _mapping(body, "job_params")
    # The prefix is always ours; clients of Forgather's server may send it along.
    _only(params, (*_PARAMS, "path_prefix"), "job_params: ")
    if params.get("logdir") is None:
        raise Refused("logdir is missing", field="logdir")
    return params


def _parsed(options: type[TensorBoardOptions | Placing], params: Body) -> dict[str, Any]:
    return {each.name: _PARAMS[each.name](params, each.name) for each in fields(options)}


def _placing(params: Body, no_sockets: str) -> Placing:
    placing = Placing(**_parsed(Placing, params))
    for name in ("private", "lazy"):
        if placing.direct and getattr(placing, name):
            raise Refused(f"direct and {name} exclude each other: only systemd's socket can do that", field=name)
        if no_sockets and getattr(placing, name):
            raise Refused(f"{name} is not possible here: {no_sockets}", field=name, hint="forgather doctor")
    if placing.memory_max and placing.memory_high and placing.memory_high > placing.memory_max:
        raise Refused("memory_high cannot be above memory_max", field="memory_high")
    return placing


def _look_at_machine(options: TensorBoardOptions) -> LogdirFacts:
    facts = inspect_logdir(options.logdir)
    if options.host is not None and not options.bind_all:
        check_host(options.host)
    return facts


def _warnings(options: TensorBoardOptions, facts: LogdirFacts) -> list[str]:
    if facts.event_files:
        return []
    return [f"{options.logdir} has no event files yet: TensorBoard will be empty until a run writes some"]


def _only(mapping: Body, known: tuple[str, ...], where: str) -> None:
    unknown = [str(key) for key in mapping if key not in known]
    if unknown:
        raise Malformed(f"{where}unknown key {unknown[0]!r} (known: {', '.join(known)})", field=unknown[0])


def _text(mapping: Body, name: str, *, required: bool = False) -> str | None:
    value = mapping.get(name)
    if value is None and not required:
        return None
    if not isinstance(value, str):
        raise Malformed(f"{name} must be text" if name in mapping else f"{name} is missing", field=name)
    if "\0" in value:
        raise Refused(f"{name} cannot hold a NUL character", field=name)
    return value


def _optional_text(mapping: Body, name: str) -> str | None:
    return _text(mapping, name) or None


def _truth(mapping: Body, name: str) -> bool:
    value = mapping.get(name)
    if value is not None and not isinstance(value, bool):
        raise Malformed(f"{name} must be true or false", field=name)
    return bool(value)


def _whole(mapping: Body, name: str, default: int) -> int:
    value = mapping.get(name)
    if value is None:
        return default
    if isinstance(value, str) and re.fullmatch(r"-?\d{1,9}", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Malformed(f"{name} must be a whole number, not {value!r}", field=name)
    return value


def _mapping(mapping: Body, name: str) -> dict[str, Any]:
    value = mapping.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Malformed(f"{name} must be an object", field=name)
    return value


def _logdir(params: Body, name: str) -> str:
    return _text(params, name) or ""


def _port(params: Body, name: str) -> Port:
    if params.get(name) == AUTO:
        return AUTO
    port = _whole(params, name, DEFAULT_PORT)
    if not 1 <= port <= 65535:
        raise Refused(f"port must be from 1 to 65535, or auto, not {port}", field=name)
    return port


def _reload_interval(params: Body, name: str) -> float | None:
    value = params.get(name)
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


def _samples(params: Body, name: str) -> str | None:
    value = _optional_text(params, name)
    if value is not None and not _SAMPLES.fullmatch(value):
        raise Refused("samples_per_plugin must look like images=100,scalars=500", field=name)
    return value


def _quantity(parse: Callable[[Any], Any]) -> Callable[[Body, str], Any]:
    def parsed(params: Body, name: str) -> Any:
        try:
            return parse(params.get(name))
        except ValueError as why:
            raise Refused(f"{name} {why}, not {params[name]!r}", field=name) from None

    return parsed


_PARAMS: Final[Mapping[str, Callable[[Body, str], Any]]] = {
    "logdir": _logdir,
    "port": _port,
    "host": _optional_text,
    "bind_all": _truth,
    "window_title": _optional_text,
    "reload_interval": _reload_interval,
    "reload_multifile": _truth,
    "samples_per_plugin": _samples,
    "private": _truth,
    "lazy": _truth,
    "direct": _truth,
    "idle_timeout": _quantity(quantities.optional(quantities.idle_timeout)),
    "memory_high": _quantity(quantities.memory),
    "memory_max": _quantity(quantities.memory),
    "cpu_weight": _quantity(quantities.cpu_weight),
    "tasks_max": _quantity(quantities.tasks),
}
