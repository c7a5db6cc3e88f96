"""What a viewer is kept from: a table of protections, what systemd needs to be told for each, and where it holds.

In a user manager the mount and network options are silently ignored without PrivateUsers=, and that needs user
namespaces. So each protection names what it needs, and is neither set nor claimed where the host lacks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from forgather_units.domain.host import Capabilities
from forgather_units.domain.placement import Hardening, Placement
from forgather_units.units.scope import Scope

Properties = dict[str, Any]

_REC_BIND: Final = 16384
"""MS_REC: mounts below the folder come along."""
_EPERM: Final = 1
_CAP_DAC_READ_SEARCH: Final = 1 << 2
_SYSTEM_CALLS: Final = ["@system-service"]
_NOT_EVEN: Final = ["@privileged", "@resources"]
_FAMILIES: Final = ["AF_INET", "AF_INET6", "AF_UNIX"]


@dataclass(frozen=True, slots=True)
class Situation:
    """Where a unit is placed, and what the host enforces there."""

    scope: Scope
    placement: Placement
    level: Hardening
    host: Capabilities

    @property
    def namespaces(self) -> bool:
        """Mounts of the unit's own."""
        return self.host.mount_sandbox


@dataclass(frozen=True, slots=True)
class Protection:
    """`name` is what a person reads; `properties` are systemd's; `levels` and `needs` say when it is there."""

    name: str
    properties: Mapping[str, Any]
    levels: frozenset[Hardening]
    needs: Callable[[Situation], bool] = field(default=lambda _: True)


_ALWAYS: Final = frozenset(Hardening) - {Hardening.OFF}
_STANDARD: Final = frozenset({Hardening.STANDARD})
_STRICT: Final = frozenset({Hardening.STRICT})


def _mounts(situation: Situation) -> bool:
    return situation.namespaces


def _bound_caps(situation: Situation) -> bool:
    # A user manager may not drop from the bounding set without a user namespace, and has no capabilities to give.
    return situation.scope is Scope.SYSTEM or situation.host.user_namespaces


TABLE: Final[tuple[Protection, ...]] = (
    Protection("no new privileges", {"NoNewPrivileges": True, "RestrictSUIDSGID": True}, _ALWAYS),
    Protection("read-only system", {"ProtectSystem": "strict", "ProtectControlGroups": True}, _ALWAYS, _mounts),
    Protection("read-only home", {"ProtectHome": "read-only"}, _STANDARD, _mounts),
    Protection("hidden home", {"ProtectHome": "tmpfs"}, _STRICT, _mounts),
    Protection("private /tmp", {"PrivateTmp": True}, _ALWAYS, _mounts),
    Protection("no devices", {"PrivateDevices": True}, _ALWAYS, _mounts),
    Protection(
        "kernel out of reach",
        {
            "ProtectKernelTunables": True,
            "ProtectKernelModules": True,
            "ProtectClock": True,
            "ProtectHostname": True,
            "PrivateIPC": True,
        },
        _ALWAYS,
        _mounts,
    ),
    # In a user manager /proc/kmsg cannot be covered, and nobody without privileges could read it anyway.
    Protection(
        "no kernel log", {"ProtectKernelLogs": True}, _ALWAYS, lambda situation: situation.scope is Scope.SYSTEM
    ),
    # A user manager accepts it, and a viewer sees all processes all the same: looked at from the inside.
    Protection(
        "hidden processes",
        {"ProtectProc": "invisible", "ProcSubset": "pid"},
        _STRICT,
        lambda situation: situation.scope is Scope.SYSTEM,
    ),
    Protection("no capabilities", {"CapabilityBoundingSet": 0, "AmbientCapabilities": 0}, _ALWAYS, _bound_caps),
    Protection(
        "fewer system calls",
        {
            "SystemCallArchitectures": ["native"],
            "SystemCallFilter": (True, _SYSTEM_CALLS),
            "SystemCallFilter-": (False, _NOT_EVEN),
            "SystemCallErrorNumber": _EPERM,
            "RestrictAddressFamilies": (True, _FAMILIES),
            "RestrictNamespaces": 0,
            "LockPersonality": True,
            "RestrictRealtime": True,
        },
        _ALWAYS,
    ),
    Protection("no writable code", {"MemoryDenyWriteExecute": True}, _STRICT),
    Protection(
        "own network",
        {"PrivateNetwork": True},
        frozenset(Hardening),
        lambda situation: situation.placement is Placement.SOCKET,
    ),
)


@dataclass(frozen=True, slots=True)
class Hardened:
    """The properties of a unit, and the names of the protections that hold for it."""

    properties: Properties
    holds: tuple[str, ...]


def harden(situation: Situation, visible: Iterable[str], hidden: Iterable[str] = ()) -> Hardened:
    """`visible` are folders and files that the viewer must see although they may lie where it sees nothing else.

    `hidden` ones it must not see, wherever they lie.
    """
    chosen = [each for each in TABLE if situation.level in each.levels and each.needs(situation)]
    properties: Properties = {}
    for protection in chosen:
        properties |= protection.properties
    if situation.level is not Hardening.OFF:
        properties |= {"KeyringMode": "private", "UMask": 0o077, "RemoveIPC": True}
        if situation.scope is Scope.SYSTEM:
            # Root reads what its users wrote, and nothing more than reads.
            properties |= {"CapabilityBoundingSet": _CAP_DAC_READ_SEARCH, "DevicePolicy": "closed"}
    if _needs_user_namespace(situation, properties):
        properties["PrivateUsers"] = True
    if situation.namespaces and situation.level is not Hardening.OFF:
        properties["InaccessiblePaths"] = [f"-{path}" for path in hidden]
        properties["BindReadOnlyPaths"] = [_bind(path) for path in dict.fromkeys(visible)]
    return Hardened(properties, tuple(protection.name for protection in chosen))


def _needs_user_namespace(situation: Situation, properties: Properties) -> bool:
    return situation.scope is Scope.USER and situation.namespaces and bool(properties)


def _bind(path: str) -> tuple[bytes, bytes, bool, int]:
    encoded = path.encode(errors="surrogateescape")
    # A folder that is gone by now is the viewer's to complain about, in words that people know.
    return encoded, encoded, True, _REC_BIND
