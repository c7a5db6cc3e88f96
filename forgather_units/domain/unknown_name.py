"""Messages about unknown names, with a did-you-mean hint."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def unknown(what: str, name: object, known: Collection[str]) -> str:
    """`unknown setting 'prot' (did you mean 'port'?)`, or, if no known name is similar, all known names."""
    hint = suggestion(str(name), known) or f" (known: {', '.join(known)})"
    return f"unknown {what} {name!r}{hint}"


def suggestion(word: str, known: Collection[str]) -> str:
    """` (did you mean 'list'?)`, or empty if no known word is similar."""
    alike = difflib.get_close_matches(word, known, n=1)
    return f" (did you mean {alike[0]!r}?)" if alike else ""
