"""Validates the args of a declared service without access to files: problems by argument name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from forgather_units.domain.errors import ForgatherError
from forgather_units.domain.unknown_name import unknown
from forgather_units.viewers.contract import params as parse
from forgather_units.viewers.contract.shared_options import PLACING_OPTIONS
from forgather_units.viewers.table import KINDS

PLACING: Final[Mapping[str, parse.Parser]] = {each.name: each.parse for each in PLACING_OPTIONS}
"""Parsers of the job_params that every kind has."""


NOT_OPTIONS: Final = ("priority", "requested_gpus")
"""Args that are none of the viewer's options. Forgather's own declarations may have `requested_gpus`, always 0."""


def _number(given: parse.Params, name: str) -> int:
    return parse.whole(given, name, 0)


def args_problems(kind_name: str, args: Mapping[str, Any]) -> dict[str, str]:
    """A sentence for each arg that cannot be (the empty name: for all of them); empty where all may."""
    kind = KINDS.get(kind_name)
    if kind is None:
        return {"": unknown("type", kind_name, KINDS)}
    parsers: dict[str, parse.Parser] = {**kind.parsers, **PLACING, **dict.fromkeys(NOT_OPTIONS, _number)}
    wrong: dict[str, str] = {}
    for name in args:
        if name not in parsers:
            wrong[name] = unknown("key", name, ("enabled", *parsers))
            continue
        try:
            parsers[name](args, name)
        except ForgatherError as why:
            wrong[name] = why.message
    shown = args.get(kind.required)
    if not shown:
        wrong[kind.required] = f"{kind.required} is missing: an absolute path, or one that begins with ~/"
    elif kind.required not in wrong and not (str(shown).startswith("~") or Path(str(shown)).is_absolute()):
        # The server has another working directory than the author of the file.
        wrong[kind.required] = f"{kind.required} must be an absolute path, or begin with ~/, not {shown!r}"
    return wrong
