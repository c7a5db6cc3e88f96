"""The options of each kind of viewer as the web page needs them, for its dialogs and the details of a job."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, replace
from typing import Any

from forgather_units.viewers.contract.kind import Kind


def page_kinds(kinds: Iterable[Kind]) -> list[dict[str, Any]]:
    """A JSON object for each kind, in the order of `kinds`. Options that the page does not show are left out.

    The page imports them from a file that packaging/page_options.py writes.
    """
    return [
        {
            "type": kind.name,
            "noun": kind.noun,
            "segment": kind.segment,
            "usualPort": kind.usual_port,
            "required": kind.required,
            "options": list(_options(kind)),
        }
        for kind in kinds
    ]


def _options(kind: Kind) -> Iterator[dict[str, Any]]:
    for each in kind.all_options:
        if field := kind.page_fields.get(each.name, each.field):
            field = replace(field, warning=field.warning.format(shows=kind.shows))
        if field or each.details:
            yield {
                "name": each.name,
                "type": each.type.field_type.value,
                "switchesOff": each.switches_off,
                "field": asdict(field) if field else None,
                "details": each.details,
            }
