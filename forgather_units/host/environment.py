"""The environment variables that viewers inherit from the server; the service manager lacks those of a shell."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Mapping
from typing import Final

log = logging.getLogger(__name__)

PASSED: Final = (
    "PATH",
    "LD_LIBRARY_PATH",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
    "CONDA_PREFIX",
    "LANG",
    "LC_ALL",
    "TZ",
)
"""What `module load`, conda and a virtual environment set, and how text and times are shown."""

# systemd refuses a unit that has another one in its environment (env_value_is_valid() in basic/env-util.c).
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_LARGEST: Final = 100_000
"""Characters. The kernel refuses a program of which one variable has more than 128 KiB."""


def passed_variables(more: Iterable[str], environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The variables of PASSED and `more` that are set, without those that systemd would refuse, which are logged."""
    given = {name: environ[name] for name in (*PASSED, *more) if name in environ}
    passed = {name: value for name, value in given.items() if _is_accepted(value)}
    if left_out := sorted(given.keys() - passed.keys()):
        log.warning("viewers do not get %s: systemd does not accept the value", ", ".join(left_out))
    return passed


def _is_accepted(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return len(value) <= _LARGEST and _CONTROL.search(value) is None
