"""Functions that helper processes import and run."""

from __future__ import annotations

import os
from collections.abc import Callable

from forgather_units.domain.errors import Refused
from forgather_units.files import mount_walk


def pids() -> int:
    return os.getpid()


def stat_both(one: str, other: str) -> int:
    """As a function that follows a link: announces the second path before it touches it."""
    os.stat(one)  # noqa: PTH116
    mount_walk.enter(other)
    return os.stat(other).st_ino  # noqa: PTH116


def refuse() -> None:
    raise Refused("no", hint="never", field="it")


def raise_key_error() -> None:
    raise KeyError("a fault")


def return_a_lambda() -> Callable[[], None]:
    return lambda: None


def loop_without_end() -> None:
    while True:
        pass


def allocate_2_gib() -> int:
    return len(bytearray(1 << 31))


def name_process(_path: str) -> str:
    return f"was inspected by process {os.getpid()}"
