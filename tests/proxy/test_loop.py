"""The loop that serves the connections."""

from __future__ import annotations

import time

import pytest

from forgather_units.proxy.waitress_guard.loop import Loop


def test_appointments_are_kept_in_time_and_in_order(caplog: pytest.LogCaptureFixture) -> None:
    loop, kept = Loop(), []
    began = time.monotonic()

    def keep(name: str, due: float) -> None:
        assert time.monotonic() >= due
        kept.append(name)

    def fail() -> None:
        raise RuntimeError("on purpose")

    for name, after in ("second", 0.02), ("third", 0.03), ("first", 0.01):
        due = began + after
        loop.call_at(due, lambda name=name, due=due: keep(name, due))  # type: ignore[misc]
    loop.call_at(began, fail)
    for _ in range(100):
        # It would wait for a second, had it none.
        loop.turn(1)
        if len(kept) == 3:
            break
    loop.close()
    assert kept == ["first", "second", "third"]
    assert "on purpose" in caplog.text
