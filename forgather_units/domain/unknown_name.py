"""What is said of a name that nobody knows."""

from __future__ import annotations

import difflib
from collections.abc import Collection


def unknown(what: str, name: object, known: Collection[str]) -> str:
    """`unknown setting 'prot' (did you mean 'port'?)`, or, where none is like it, all that are known."""
    alike = difflib.get_close_matches(str(name), known, n=1)
    hint = f"did you mean {alike[0]!r}?" if alike else f"known: {', '.join(known)}"
    return f"unknown {what} {name!r} ({hint})"
