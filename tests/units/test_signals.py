"""systemd's signals about units arrive, also after the bus or the manager was away."""

from __future__ import annotations

import gc
import getpass
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from units.bus_relay import BusRelay
from waiting import wait_until

from forgather_units.host.this_machine import this_machine
from forgather_units.sandbox.plan import PERSON
from forgather_units.systemd.signals import UnitSignals

Run = Callable[[str], str]


class Received:
    """The signals that a listener received."""

    def __init__(self) -> None:
        self.units: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.connected = 0
        self.signals = UnitSignals(this_machine(), self.units.put, self._count)

    def _count(self) -> None:
        self.connected += 1

    def of(self, unit: str) -> None:
        """Wait for a signal about `unit`."""
        while self.units.get(timeout=120) != unit:
            pass

    def forget(self) -> None:
        while not self.units.empty():
            self.units.get()


@pytest.fixture
def make_received() -> Iterator[Callable[[], Received]]:
    made: list[Received] = []

    def make() -> Received:
        made.append(Received())
        made[-1].signals.start()
        return made[-1]

    yield make
    for each in made:
        each.signals.stop()
    assert not [thread for thread in threading.enumerate() if thread.name == "unit-signals"]


@pytest.fixture
def received(make_received: Callable[[], Received]) -> Received:
    listener = make_received()
    assert listener.signals.wait_connected(120)
    return listener


def receives_signals(received: Received, run_unit: Run) -> None:
    """The start of a unit is signalled, and its end."""
    scope = this_machine().scope.flag
    unit = run_unit("sleep 60")
    received.of(unit)
    received.forget()
    subprocess.run(["systemctl", scope, "kill", "--signal=KILL", unit], check=True)
    received.of(unit)


def test_a_start_and_an_end_are_signalled(received: Received, run_unit: Run) -> None:
    receives_signals(received, run_unit)
    assert received.connected == 1


def test_each_reconnection_to_the_bus_is_reported(relay: BusRelay, received: Received, run_unit: Run) -> None:
    for times in (2, 3):
        relay.close()
        wait_until(lambda: not received.signals.wait_connected(0))
        relay.listen()
        wait_until(lambda: received.connected == times)  # noqa: B023 - called at once
        received.forget()
        receives_signals(received, run_unit)


def test_retries_stay_fast_after_many_reconnections(
    relay: BusRelay, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forgather_units.systemd.signals.RETRY_FIRST", 0.05)
    monkeypatch.setattr("forgather_units.systemd.signals.RETRY_MAX", 60.0)
    for times in range(2, 13):
        relay.close()
        relay.listen()
        wait_until(lambda: received.connected == times)  # noqa: B023 - called at once


def test_no_attempt_leaves_a_descriptor_open(
    relay: BusRelay, received: Received, monkeypatch: pytest.MonkeyPatch
) -> None:
    def are_open() -> int:
        gc.collect()
        return len(list(Path("/proc/self/fd").iterdir()))

    before = are_open()
    monkeypatch.setattr("forgather_units.systemd.message_bus.CALL_LIMIT", 0.02)
    monkeypatch.setattr("forgather_units.systemd.signals.RETRY_MAX", 0.01)
    relay.close()
    relay.listen_without_response()
    wait_until(lambda: relay.connections > 50)
    relay.close()
    monkeypatch.setattr("forgather_units.systemd.message_bus.CALL_LIMIT", 10.0)
    relay.listen()
    assert received.signals.wait_connected(120)
    # The descriptor of the last failed attempt is closed a moment later.
    wait_until(lambda: are_open() <= before)


def test_a_bus_that_starts_late_is_found(relay: BusRelay, make_received: Callable[[], Received], run_unit: Run) -> None:
    relay.close()
    late = make_received()
    assert not late.signals.wait_connected(0.3)
    relay.listen()
    assert late.signals.wait_connected(120)
    receives_signals(late, run_unit)


def test_a_bus_that_does_not_respond_is_retried(
    relay: BusRelay, make_received: Callable[[], Received], run_unit: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("forgather_units.systemd.message_bus.CALL_LIMIT", 0.3)
    relay.close()
    relay.listen_without_response()
    listener = make_received()
    wait_until(lambda: relay.connections >= 2)
    assert listener.connected == 0
    relay.close()
    relay.listen()
    assert listener.signals.wait_connected(120)
    receives_signals(listener, run_unit)


def test_stop_works_in_every_state_of_the_connection(relay: BusRelay, make_received: Callable[[], Received]) -> None:
    connected = make_received()
    assert connected.signals.wait_connected(120)
    connected.signals.stop()
    relay.close()
    relay.listen_without_response()
    before = relay.connections
    waiting = make_received()
    wait_until(lambda: relay.connections > before)
    waiting.signals.stop()
    relay.close()
    retrying = make_received()
    assert not retrying.signals.wait_connected(0.2)
    retrying.signals.stop()


@pytest.mark.skipif(
    getpass.getuser() != PERSON,
    reason="a restart of the session bus would end this user's desktop session: the sandbox has one to spare",
)
@pytest.mark.parametrize("words", [("restart", "dbus.service"), ("daemon-reexec",), ("daemon-reload",)])
def test_signals_arrive_after_a_restart_of_the_bus_or_the_manager(
    received: Received, run_unit: Run, words: tuple[str, ...]
) -> None:
    subprocess.run(["systemctl", "--user", *words], check=True, timeout=120)
    if "dbus.service" in words:
        wait_until(lambda: received.connected == 2)
    received.forget()
    receives_signals(received, run_unit)
