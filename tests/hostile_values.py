"""Invalid and extreme values for the fuzz tests (hypothesis)."""
# mypy: disallow-untyped-decorators=False, disallow-any-expr=False

from __future__ import annotations

import json
import os
from typing import Any, Final

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

EXAMPLES: Final = int(os.environ.get("FORGATHER_FUZZ_EXAMPLES", "60"))
"""For each test; set the variable to run thousands by hand."""

# Always the same examples, so that only the change under test can make them fail; random ones if run by hand.
BOUNDED: Final = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="FORGATHER_FUZZ_EXAMPLES" not in os.environ,
    database=None,
    suppress_health_check=list(HealthCheck),
)

SPECIAL: Final = (
    "", "0", "-1", "1e400", "9" * 20, "9" * 400, "9" * 5000, "\u00b2", "NaN", "true", "auto", "never", "/", "/nowhere",
    "..", "../" * 400, "/" * 5000, "a" * 5000, "%00", "\0", "\n", "\r\nX: y", "\x1b]52;c;YQ==\x07", "\ud800", "\udce9",
    "\ufeff", "\u202e", "e\u0301", "\U0010ffff", "$HOME", "%n", "s3://bucket/x", "'", '"', "{{7*7}}", "q_1_00000000",
)  # fmt: skip


def texts() -> st.SearchStrategy[str]:
    """Any text, lone surrogates and control characters included."""
    return st.one_of(st.sampled_from(SPECIAL), st.text(st.characters(), max_size=60))


def numbers() -> st.SearchStrategy[Any]:
    return st.one_of(
        st.integers(),
        st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, -(10**400), 65536, 1e308, -0.0, 1e-320]),
        st.floats(),
    )


def values() -> st.SearchStrategy[Any]:
    """Any JSON value, and some that JSON cannot represent."""
    leaves = st.one_of(st.none(), st.booleans(), numbers(), texts())
    return st.one_of(
        leaves,
        st.recursive(
            leaves,
            lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts(), inner, max_size=4)),
            max_leaves=12,
        ),
        st.integers(30, 2000).map(nested),
    )


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def spelled(value: Any) -> str:
    """The value as text; a fixed one if it is nested too deeply for Python."""
    try:
        return str(value)
    except RecursionError:
        return "[" * 2000


def body_of(value: Any) -> bytes:
    """The value as JSON; if the encoder refuses it, a fixed body of the same sort."""
    try:
        return json.dumps(value).encode()
    except RecursionError:
        return b"[" * 100_000
    except ValueError:
        return b'{"priority": ' + b"9" * 5000 + b"}"
