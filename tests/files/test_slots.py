"""Requests that wait for a file system, and requests that fail at once because too many wait."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from forgather_units.domain.errors import Unavailable
from forgather_units.files import slots
from forgather_units.files.slots import DoesNotAnswer, Slots


def _take(of: Slots) -> str:
    try:
        of.take("0:99", "/far", time.monotonic() + 3)
    except DoesNotAnswer:
        return "waited"
    except Unavailable as why:
        return why.message
    return "taken"


def test_the_number_of_waiting_requests_is_limited_from_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slots, "SLOW", 1000.0)
    of = Slots()
    assert [_take(of), _take(of)] == ["taken", "taken"]
    with ThreadPoolExecutor(50) as requests:
        results = [each.result() for each in [requests.submit(_take, of) for _ in range(50)]]
    assert results.count("waited") == 32
    assert {each for each in results if "many requests wait" in each}
    # On a local disk each path has its own slot.
    of.take("/near", "/near", time.monotonic())
