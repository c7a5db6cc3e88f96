"""Sizes, times and weights as users write them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from forgather_units.domain import quantities
from forgather_units.domain.placement import NEVER, weight_of_priority


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (quantities.memory, "2G", 2 * 1024**3),
        (quantities.memory, "512m", 512 * 1024**2),
        (quantities.memory, "1.5GiB", 3 * 512 * 1024**2),
        (quantities.memory, 2**30, 2**30),
        (quantities.memory, None, None),
        (quantities.idle_timeout, "15min", 900.0),
        (quantities.idle_timeout, "2h", 7200.0),
        (quantities.idle_timeout, 90, 90.0),
        (quantities.idle_timeout, "never", NEVER),
        (quantities.cpu_weight, "200", 200),
        (quantities.tasks, 100, 100),
    ],
)
def test_valid_quantities(parse: Callable[[Any], Any], text: Any, value: Any) -> None:
    assert parse(text) == value


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        (quantities.memory, "plenty"),
        (quantities.memory, "1K"),
        (quantities.memory, True),
        (quantities.memory, -1),
        (quantities.idle_timeout, "0"),
        (quantities.idle_timeout, "soon"),
        (quantities.idle_timeout, None),
        (quantities.idle_timeout, True),
        (quantities.cpu_weight, 0),
        (quantities.cpu_weight, 10_001),
        (quantities.tasks, "many"),
    ],
)
def test_invalid_quantities_are_refused(parse: Callable[[Any], Any], text: Any) -> None:
    with pytest.raises(ValueError, match="must be"):
        parse(text)


def test_the_weight_follows_the_priority() -> None:
    assert [weight_of_priority(priority) for priority in (-100, -1, 0, 3, 10**6)] == [1, 90, 100, 130, 10_000]
