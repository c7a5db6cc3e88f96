"""Signals of systemd, by dbus-next, in one asyncio thread.

A signal is only a hint to inspect a unit; its state is then read from the unit. So a duplicate, late or coalesced
signal does no harm, and after a lost bus connection one inspection of all units makes up for missed ones.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from typing import Any, Final

from dbus_next import Message, MessageType

from forgather_units.domain.machine import Machine
from forgather_units.systemd.message_bus import Bus, ErrorReply, call, connect
from forgather_units.systemd.names import unit_of_path

log = logging.getLogger(__name__)

RETRY_FIRST: Final = 0.2
RETRY_MAX: Final = 5.0

_SYSTEMD: Final = "org.freedesktop.systemd1"
_UNITS: Final = "/org/freedesktop/systemd1/unit"
_RULES: Final = (
    f"type='signal',sender='{_SYSTEMD}',interface='org.freedesktop.DBus.Properties',"
    f"member='PropertiesChanged',path_namespace='{_UNITS}'",
    f"type='signal',sender='{_SYSTEMD}',interface='{_SYSTEMD}.Manager',member='JobRemoved'",
    f"type='signal',sender='{_SYSTEMD}',interface='{_SYSTEMD}.Manager',member='UnitRemoved'",
)


def _unit_of(message: Message) -> str | None:
    """The unit that a signal is about."""
    match message.member:
        case "PropertiesChanged":
            return unit_of_path(message.path)
        case "JobRemoved":
            return str(message.body[2])
        case "UnitRemoved":
            return str(message.body[0])
        case _:
            return None


class UnitSignals:
    """Calls `on_unit(name)` for each change of a unit, `on_connected()` when all units must be inspected.

    Both are called in this object's thread and must not block.
    """

    def __init__(self, machine: Machine, on_unit: Callable[[str], None], on_connected: Callable[[], None]) -> None:
        self._machine = machine
        self._on_unit = on_unit
        self._on_connected = on_connected
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._connected = threading.Event()
        self._thread = threading.Thread(target=self._run, name="unit-signals", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def wait_connected(self, seconds: float) -> bool:
        """Whether the bus was connected within `seconds`."""
        return self._connected.wait(seconds)

    def stop(self) -> None:
        def cancel() -> None:
            if self._task is not None:
                self._task.cancel()

        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(cancel)
            self._thread.join(5)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._task = self._loop.create_task(self._listen_forever())
        try:
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            pass
        finally:
            self._loop.close()

    async def _listen_forever(self) -> None:
        pause = RETRY_FIRST
        while True:
            try:
                await self._listen_once()
            except (OSError, EOFError, TimeoutError) as why:
                if self._connected.is_set():
                    log.warning("the %s bus went away: connecting again", self._machine.scope.value)
                else:
                    # At the start the server reports it once; later the loss of the connection was logged.
                    log.debug(
                        "no connection to the %s bus (%s): trying again",
                        self._machine.scope.value,
                        str(why) or type(why).__name__,
                    )
            except Exception:
                log.exception("listening to the %s bus failed: trying again", self._machine.scope.value)
            if self._connected.is_set():
                # The connection had worked: the retry delay starts from the beginning.
                self._connected.clear()
                pause = RETRY_FIRST
            await asyncio.sleep(pause)
            pause = min(pause * 2, RETRY_MAX)

    async def _listen_once(self) -> None:
        """Subscribe, listen, and return when the bus has gone."""
        bus = await connect(self._machine)
        try:
            bus.add_message_handler(self._handle)
            for rule in _RULES:
                await self._call(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "AddMatch", "s", [rule])
            # Without a subscriber the manager sends no signals about units.
            await self._call(bus, _SYSTEMD, "/org/freedesktop/systemd1", "Subscribe", "", [], f"{_SYSTEMD}.Manager")
            self._connected.set()
            self._on_connected()
            await bus.wait_for_disconnect()
        finally:
            bus.close()

    async def _call(
        self,
        bus: Bus,
        destination: str,
        path: str,
        member: str,
        signature: str,
        body: list[Any],
        interface: str = "org.freedesktop.DBus",
    ) -> None:
        message = Message(
            destination=destination, path=path, interface=interface, member=member, signature=signature, body=body
        )
        try:
            await call(bus, message)
        except ErrorReply as why:
            raise OSError(f"{member}: {why.name}: {why}") from None

    def _handle(self, message: Message) -> None:
        if message.message_type is MessageType.SIGNAL and (unit := _unit_of(message)) is not None:
            self._on_unit(unit)
