"""The declaration of a service, looked at without a look at the machine: what is wrong with its args, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from forgather_units.domain import quantities
from forgather_units.domain.errors import ForgatherError
from forgather_units.kinds import params as parse
from forgather_units.kinds.table import KINDS

PLACING: Final[Mapping[str, parse.Parser]] = {
    "private": parse.truth,
    "lazy": parse.truth,
    "direct": parse.truth,
    "idle_timeout": parse.quantity(quantities.optional(quantities.idle_timeout)),
    "memory_high": parse.quantity(quantities.memory),
    "memory_max": parse.quantity(quantities.memory),
    "cpu_weight": parse.quantity(quantities.cpu_weight),
    "tasks_max": parse.quantity(quantities.tasks),
}
"""The job_params that every kind has."""


def _priority(given: parse.Params, name: str) -> int:
    return parse.whole(given, name, 0)


def args_problems(kind_name: str, args: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each arg that cannot be (the empty name: for all of them); empty where all may."""
    kind = KINDS.get(kind_name)
    if kind is None:
        return {"": f"unknown type {kind_name!r} (known: {', '.join(KINDS)})"}
    parsers: dict[str, parse.Parser] = {**kind.parsers, **PLACING, "priority": _priority}
    wrong: dict[str, str] = {}
    for name in args:
        if name not in parsers:
            wrong[name] = f"unknown key {name!r} (known: {', '.join(('enabled', *parsers))})"
            continue
        try:
            parsers[name](args, name)
        except ForgatherError as why:
            wrong[name] = why.message
    if not args.get(kind.required):
        wrong[kind.required] = f"{kind.required} is missing"
    return wrong
