"""What --json prints: ASCII, finite numbers, and no surrogate that jq rejects."""

from __future__ import annotations

import json
import re
from typing import Any, Final

# Python has a byte of a file name that is not UTF-8 as U+DC80 to U+DCFF; jq 1.6 accepts these, and no others.
_REJECTED: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_ESCAPED: Final = "\\ud"


def json_text(value: Any, *, one_line: bool = False) -> str:
    """The JSON of `value`. Raises ValueError for a number that is not finite."""
    indent = None if one_line else 2
    text = json.dumps(value, indent=indent, allow_nan=False)
    return json.dumps(_accepted(value), indent=indent) if _ESCAPED in text else text


def print_json(value: Any, *, one_line: bool = False) -> None:
    print(json_text(value, one_line=one_line), flush=one_line)


def _accepted(value: Any) -> Any:
    """The same, with U+FFFD for each surrogate that jq rejects."""
    match value:
        case str():
            return _REJECTED.sub("\ufffd", value)
        case dict():
            return {_accepted(name): _accepted(each) for name, each in value.items()}
        case list() | tuple():
            return [_accepted(each) for each in value]
    return value
