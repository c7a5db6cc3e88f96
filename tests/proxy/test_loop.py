"""The loop that serves the connections."""

from __future__ import annotations

import time

import pytest

from forgather_units.http.server.loop import Loop


def test_timers_run_in_time_and_in_order(caplog: pytest.LogCaptureFixture) -> None:
    loop, ran = Loop(), []
    began = time.monotonic()

    def run(name: str, due: float) -> None:
        assert time.monotonic() >= due
        ran.append(name)

    def fail() -> None:
        raise RuntimeError("on purpose")

    for name, after in ("second", 0.02), ("third", 0.03), ("first", 0.01):
        due = began + after
        loop.call_at(due, lambda name=name, due=due: run(name, due))  # type: ignore[misc]
    loop.call_at(began, fail)
    for _ in range(100):
        # Without a timer this would wait for one second.
        loop.run_once(1)
        if len(ran) == 3:
            break
    loop.close()
    assert ran == ["first", "second", "third"]
    assert "on purpose" in caplog.text
