"""A declared service: a viewer that the server always provides."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from forgather_units.domain.queue_id import is_queue_id

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_-]{0,62}")


@dataclass(frozen=True, slots=True)
class Service:
    """`type` is a kind of viewer, `args` are its job_params (and `priority`), as they were declared."""

    type: str
    name: str
    enabled: bool = True
    args: Mapping[str, Any] = field(default_factory=dict)

    @property
    def signature(self) -> str:
        """16 hex digits of the declaration: independent of the order of its lines."""
        said = json.dumps([self.type, self.name, self.args], sort_keys=True, default=str)
        return hashlib.sha256(said.encode()).hexdigest()[:16]


def is_service_name(text: object) -> bool:
    """Whether it is usable in an address, and not a queue id."""
    return isinstance(text, str) and _NAME.fullmatch(text) is not None and not is_queue_id(text)


NAME_RULE = "must be letters, digits, _ and -, at most 63, and not begin with -"
