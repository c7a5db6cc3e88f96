"""The options of every kind of viewer: where it listens, its socket, its sleep, its limits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from forgather_units.domain import quantities
from forgather_units.domain.placement import Placing
from forgather_units.viewers.contract.option import (
    PORT,
    SIZE,
    SPAN,
    TEXT,
    TRUTH,
    Field,
    Option,
    Place,
    again,
    option,
    options_of,
    whole_number,
)

BIND_ALL: Final = Field(
    Place.ADVANCED,
    "--bind_all",
    "Listen on all addresses of this machine.",
    warning="This bypasses authentication: anyone who can reach the port sees the {shows}, without a password. Viewers"
    " that are opened through this page do not need --bind_all.",
)
LISTENING: Final[Mapping[str, Option]] = {
    "port": Option(
        type=PORT,
        help="1 to 65535, or auto: the lowest free one ({default})",
        field=Field(Place.MAIN, "Port"),
    ),
    "host": Option(
        type=TEXT,
        short="-H",
        metavar="H",
        help="address of this machine to listen on (127.0.0.1)",
        field=Field(Place.ADVANCED, "Host", "The address of this machine to listen on.", placeholder="127.0.0.1"),
    ),
    "bind_all": Option(
        type=TRUTH,
        help="listen on all addresses: that port asks no password",
        field=BIND_ALL,
    ),
}
"""The fields of domain.listening.Listening."""


def with_short(name: str, flag: str) -> Mapping[str, Option]:
    """The metadata of a dataclass field: an option of LISTENING with a short flag for this kind's command."""
    return again(replace(LISTENING[name], short=flag))


_PLACING: Final[Mapping[str, Option]] = {
    "private": Option(
        type=TRUTH,
        help="no TCP port: it opens through the server alone",
        field=Field(
            Place.ADVANCED, "Private", "No port that others on this machine could open: only this server can reach it."
        ),
        details="Private",
    ),
    "lazy": Option(type=TRUTH, help="queue it asleep: no memory before the first look"),
    "direct": Option(type=TRUTH, help="let {noun} have the port itself: no sleep"),
    "idle_timeout": Option(
        type=SPAN,
        metavar="T",
        help="time without a connection after which it sleeps: 90, 15min, 2h or never",
        field=Field(
            Place.ADVANCED,
            "Idle timeout",
            'Stop after this long without a visitor; the next visit starts it again. "never" disables this.',
            placeholder="15 min",
        ),
        details="Idle timeout",
    ),
    "memory_high": Option(type=SIZE, metavar="SIZE", help="memory above which it is slowed down, such as 1G"),
    "memory_max": Option(
        type=SIZE,
        metavar="SIZE",
        help="memory above which it is killed, such as 2G",
        field=Field(
            Place.ADVANCED,
            "Memory limit",
            "For example 2G. The kernel kills a viewer that needs more.",
            placeholder="none",
        ),
        details="Memory limit",
    ),
    "cpu_weight": Option(
        type=whole_number(quantities.cpu_weight),
        metavar="N",
        help="its share of the CPU, 1 to 10000 (100, and 10 more a priority)",
    ),
    "tasks_max": Option(
        type=whole_number(quantities.tasks), metavar="N", help="processes and threads that it may have"
    ),
    "writable_logdir": Option(
        type=TRUTH,
        help="let it write into the folder that it shows (some plugins store files there)",
    ),
}

PLACING_OPTIONS: Final = options_of(Placing, _PLACING)
"""The fields of domain.placement.Placing."""


def window_title(meaning: str, hint: str = "", flag: str | Callable[[str], Sequence[str]] = "") -> Mapping[str, Option]:
    """The metadata of `window_title`: a kind declares it if lists and pages can show another title."""
    field = Field(Place.MAIN, "Window title", hint)
    return option(type=TEXT, metavar="T", help=meaning, flag=flag, field=field, details="Window title")
