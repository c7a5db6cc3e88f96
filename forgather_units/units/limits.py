"""Resource limits of a viewer as systemd properties, and which of them this host does not enforce."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

from forgather_units.domain.host import Capabilities
from forgather_units.domain.placement import ResourceLimits

_PROPERTIES: Final[Mapping[str, str]] = {
    "memory_high": "MemoryHigh",
    "memory_max": "MemoryMax",
    "cpu_weight": "CPUWeight",
    "tasks_max": "TasksMax",
}
_CONTROLLERS: Final[Mapping[str, tuple[str, str]]] = {
    # limit: the capability that it needs, and what the host lacks without
    "memory_high": ("memory_limit", "memory controller"),
    "memory_max": ("memory_limit", "memory controller"),
    "cpu_weight": ("cpu_weight", "cpu controller"),
    "tasks_max": ("tasks_limit", "pids controller"),
}
ACCOUNTING: Final[Mapping[str, Any]] = {
    "MemoryAccounting": True,
    "CPUAccounting": True,
    "IOAccounting": True,
    "TasksAccounting": True,
}


@dataclass(frozen=True, slots=True)
class Limited:
    """The properties of a unit, the limits that hold, and a sentence for each that does not."""

    properties: dict[str, Any]
    holds: tuple[str, ...]
    notices: tuple[str, ...]


def limit(asked: ResourceLimits, defaults: ResourceLimits, host: Capabilities, weight: int) -> Limited:
    """`weight` is the CPUWeight= of a job that names none."""
    properties: dict[str, Any] = dict(ACCOUNTING)
    holds, notices = [], []
    for each in fields(ResourceLimits):
        value = getattr(asked, each.name)
        value = getattr(defaults, each.name) if value is None else value
        if value is None:
            continue
        properties[_PROPERTIES[each.name]] = value
        capability, lacking = _CONTROLLERS[each.name]
        spelled = f"{_PROPERTIES[each.name]} {spell(each.name, value)}"
        if getattr(host, capability):
            holds.append(spelled)
        else:
            notices.append(f"{spelled} is accepted and not enforced: the units of this manager have no {lacking}")
    properties.setdefault("CPUWeight", weight)
    return Limited(properties, tuple(holds), tuple(notices))


# systemd's own defaults.
_UNLIMITED: Final[Mapping[str, int]] = dict.fromkeys(
    ("memory_high", "memory_max", "tasks_max", "cpu_weight"), 2**64 - 1
)


def slice_reset(before: ResourceLimits, after: ResourceLimits) -> dict[str, Any]:
    """The properties of the slice after a reload: caps that are no longer set go back to systemd's defaults."""
    dropped = {
        _PROPERTIES[each.name]: _UNLIMITED[each.name]
        for each in fields(before)
        if getattr(before, each.name) is not None and getattr(after, each.name) is None
    }
    return dropped | slice_properties(after)


def slice_properties(caps: ResourceLimits) -> dict[str, Any]:
    """The properties of the slice around all viewers; empty where nothing is capped."""
    return {_PROPERTIES[each.name]: value for each in fields(caps) if (value := getattr(caps, each.name)) is not None}


def spell(name: str, value: int) -> str:
    """2147483648 bytes as `2G`, as systemd's own documentation writes it."""
    if not name.startswith("memory"):
        return str(value)
    for power, letter in ((4, "T"), (3, "G"), (2, "M"), (1, "K")):
        if value >= 1024**power and value % 1024**power == 0:
            return f"{value // 1024**power}{letter}"
    return str(value)
