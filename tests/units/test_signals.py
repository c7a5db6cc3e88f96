"""What systemd says by itself is heard, also after the bus, or the manager, was away."""

from __future__ import annotations

import gc
import getpass
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from bus_relay import BusRelay
from waiting import wait_until

from forgather_units.sandbox.plan import PERSON
from forgather_units.units.scope import Scope
from forgather_units.units.signals import UnitSignals

Run = Callable[[str], str]


class Heard:
    """All that a listener was told."""

    def __init__(self) -> None:
        self.units: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.connected = 0
        self.signals = UnitSignals(Scope.of_this_process(), self.units.put, self._count)

    def _count(self) -> None:
        self.connected += 1

    def of(self, unit: str) -> None:
        """Wait for a sign of life of `unit`."""
        while self.units.get(timeout=10) != unit:
            pass

    def forget(self) -> None:
        while not self.units.empty():
            self.units.get()


@pytest.fixture
def make_heard() -> Iterator[Callable[[], Heard]]:
    made: list[Heard] = []

    def make() -> Heard:
        made.append(Heard())
        made[-1].signals.start()
        return made[-1]

    yield make
    for each in made:
        each.signals.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "unit-signals"]


@pytest.fixture
def heard(make_heard: Callable[[], Heard]) -> Heard:
    listener = make_heard()
    assert listener.signals.wait_connected(10)
    return listener


def hears(heard: Heard, run_unit: Run) -> None:
    """A start is heard of, and an end."""
    scope = Scope.of_this_process().flag
    unit = run_unit("sleep 60")
    heard.of(unit)
    heard.forget()
    subprocess.run(["systemctl", scope, "kill", "--signal=KILL", unit], check=True)
    heard.of(unit)


def test_a_start_and_an_end_are_heard_of(heard: Heard, run_unit: Run) -> None:
    hears(heard, run_unit)
    assert heard.connected == 1


def test_after_the_bus_was_away_all_is_to_be_looked_at_again(relay: BusRelay, heard: Heard, run_unit: Run) -> None:
    for times in (2, 3):
        relay.leave()
        wait_until(lambda: not heard.signals.wait_connected(0))
        relay.come()
        wait_until(lambda: heard.connected == times)  # noqa: B023 - called at once
        heard.forget()
        hears(heard, run_unit)


def test_a_bus_that_is_lost_often_is_found_as_fast_as_ever(
    relay: BusRelay, heard: Heard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forgather_units.units.signals._RETRY_FIRST", 0.05)
    monkeypatch.setattr("forgather_units.units.signals._RETRY_MOST", 60.0)
    for times in range(2, 13):
        relay.leave()
        relay.come()
        wait_until(lambda: heard.connected == times)  # noqa: B023 - called at once


def test_no_attempt_leaves_a_descriptor_open(relay: BusRelay, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def are_open() -> int:
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    before = are_open()
    monkeypatch.setattr("forgather_units.units.signals._CALL_LIMIT", 0.02)
    monkeypatch.setattr("forgather_units.units.signals._RETRY_MOST", 0.01)
    relay.leave()
    relay.come_deaf()
    wait_until(lambda: relay.connections > 50)
    relay.leave()
    monkeypatch.setattr("forgather_units.units.signals._CALL_LIMIT", 10.0)
    relay.come()
    assert heard.signals.wait_connected(10)
    # The last failed attempt is forgotten a moment later.
    wait_until(lambda: are_open() <= before)


def test_a_bus_that_comes_late_is_found(relay: BusRelay, make_heard: Callable[[], Heard], run_unit: Run) -> None:
    relay.leave()
    late = make_heard()
    assert not late.signals.wait_connected(0.3)
    relay.come()
    assert late.signals.wait_connected(10)
    hears(late, run_unit)


def test_a_deaf_bus_is_given_up(
    relay: BusRelay, make_heard: Callable[[], Heard], run_unit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forgather_units.units.signals._CALL_LIMIT", 0.3)
    relay.leave()
    relay.come_deaf()
    listener = make_heard()
    wait_until(lambda: relay.connections >= 2)
    assert listener.connected == 0
    relay.leave()
    relay.come()
    assert listener.signals.wait_connected(10)
    hears(listener, run_unit)


def test_it_stops_whatever_it_is_waiting_for(relay: BusRelay, make_heard: Callable[[], Heard]) -> None:
    connected = make_heard()
    assert connected.signals.wait_connected(10)
    connected.signals.stop()
    relay.leave()
    relay.come_deaf()
    before = relay.connections
    waiting = make_heard()
    wait_until(lambda: relay.connections > before)
    waiting.signals.stop()
    relay.leave()
    retrying = make_heard()
    assert not retrying.signals.wait_connected(0.2)
    retrying.signals.stop()


@pytest.mark.skipif(
    getpass.getuser() != PERSON,
    reason="a restart of somebody's own session bus would end their desktop: the sandbox has one to spare",
)
@pytest.mark.parametrize("words", [("restart", "dbus.service"), ("daemon-reexec",), ("daemon-reload",)])
def test_the_real_thing_goes_away(heard: Heard, run_unit: Run, words: tuple[str, ...]) -> None:
    subprocess.run(["systemctl", "--user", *words], check=True, timeout=30)
    if "dbus.service" in words:
        wait_until(lambda: heard.connected == 2)
    heard.forget()
    hears(heard, run_unit)
