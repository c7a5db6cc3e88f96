"""Limits for text from outside: valid Unicode, without NUL, up to a length."""

from __future__ import annotations

import re
from typing import Any, Final

LONGEST: Final = 4096
"""Longest text in a request or a declared service, in bytes of UTF-8: the kernel's limit for paths."""
_SHOWN: Final = 200
# systemd refuses noncharacters in a unit's properties as it does surrogates (unichar_is_valid() in its utf8.c).
_NOT_UNICODE: Final = re.compile(
    "[\ud800-\udfff\ufdd0-\ufdef"
    + "".join(f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000))
    + "]"
)
_BYTES: Final = range(0xDC80, 0xDD00)
"""How Python writes a byte of a file name that is not UTF-8 (surrogateescape)."""


def text_problem(text: str, longest: int = LONGEST) -> str:
    """The problem with `text`, to follow the name of its field; empty for valid text. `longest` is in bytes."""
    if problem := unicode_problem(text):
        return problem
    size = len(text.encode())
    if "\0" in text:
        return "cannot hold a NUL character"
    return f"is {size} bytes long; the limit is {longest}" if size > longest else ""


def unicode_problem(text: str) -> str:
    """The first character of `text` that UTF-8 or systemd rejects, to follow the name of its field; empty for none."""
    if (found := _NOT_UNICODE.search(text)) is None:
        return ""
    code, place = ord(found[0]), f"character {found.start() + 1}"
    if code in _BYTES:
        return (
            f"is not UTF-8: {place} is the byte 0x{code - 0xDC00:02x}, which systemd does not accept in a path;"
            " rename the file or folder, or make a symbolic link to it"
        )
    what = "half of a surrogate pair" if 0xD800 <= code <= 0xDFFF else f"U+{code:04X}, a noncharacter"
    return f"is not valid Unicode: {place} is {what}"


def shown(value: Any) -> str:
    """`value` as an error quotes it: its repr, shortened, without characters that UTF-8 cannot encode."""
    try:
        text = repr(value)
    except ValueError:
        # An integer of more digits than Python prints.
        text = f"a {type(value).__name__} of excessive length"
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."
