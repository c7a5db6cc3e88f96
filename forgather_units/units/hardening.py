"""Sandboxing of viewers: a table of protections with their systemd properties and requirements.

In a user manager the mount and network options are silently ignored without PrivateUsers=, and that needs user
namespaces. So each protection has requirements, and is neither set nor claimed on a host that lacks them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from forgather_units.domain.host import Capabilities
from forgather_units.domain.placement import Hardening, Placement
from forgather_units.domain.scope import Scope
from forgather_units.units.hiding import (
    LATE_SOCKETS,
    RUN,
    RUN_USER,
    covered,
    empty_folder,
    homes_to_cover,
    is_below_home,
    is_plain,
)

Properties = dict[str, Any]

_REC_BIND: Final = 16384
"""MS_REC: mounts below the folder come along."""
_EPERM: Final = 1
_CAP_DAC_READ_SEARCH: Final = 1 << 2
_SYSTEM_CALLS: Final = ["@system-service"]
_NOT_EVEN: Final = ["@privileged", "@resources"]
_INTERNET: Final = ["AF_INET", "AF_INET6"]


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
    """`name` is for display, `properties` are systemd's; it applies at `levels` if `needs` is true."""

    name: str
    properties: Mapping[str, Any]
    levels: frozenset[Hardening]
    needs: Callable[[Situation], bool] = field(default=lambda _: True)
    holds: Callable[[Situation], bool] = field(default=lambda _: True)
    """Whether it holds where it is set: as the probe saw it."""


_ALWAYS: Final = frozenset(Hardening) - {Hardening.OFF}
_STANDARD: Final = frozenset({Hardening.STANDARD})
_STRICT: Final = frozenset({Hardening.STRICT})


def _mounts(situation: Situation) -> bool:
    return situation.namespaces


def _bound_caps(situation: Situation) -> bool:
    # A user manager may not drop from the bounding set without a user namespace, and has no capabilities to give.
    return situation.scope is Scope.SYSTEM or situation.host.user_namespaces


def _hides_sockets(situation: Situation) -> bool:
    return situation.namespaces and situation.host.hidden_sockets


def _no_unix_sockets(situation: Situation) -> bool:
    # Behind a socket systemd-notify needs one, and the abstract ones belong to another network.
    return situation.placement is Placement.DIRECT and situation.host.no_unix_sockets


TABLE: Final[tuple[Protection, ...]] = (
    Protection("no new privileges", {"NoNewPrivileges": True, "RestrictSUIDSGID": True}, _ALWAYS),
    Protection("read-only system", {"ProtectSystem": "strict", "ProtectControlGroups": True}, _ALWAYS, _mounts),
    Protection("read-only home", {"ProtectHome": "read-only"}, _STANDARD, _mounts),
    Protection("hidden home", {"ProtectHome": "tmpfs"}, _STRICT, _mounts, lambda situation: situation.host.hidden_home),
    # No viewer needs a bus, an agent, a display or a container's socket.
    Protection("hidden sockets", {}, _ALWAYS, _hides_sockets),
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
    # In a user manager /proc/kmsg cannot be covered, and an unprivileged process could not read it anyway.
    Protection(
        "no kernel log", {"ProtectKernelLogs": True}, _ALWAYS, lambda situation: situation.scope is Scope.SYSTEM
    ),
    # A user manager accepts it without effect: measured inside a unit.
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
            "RestrictAddressFamilies": (True, [*_INTERNET, "AF_UNIX"]),
            "RestrictNamespaces": 0,
            "LockPersonality": True,
            "RestrictRealtime": True,
        },
        _ALWAYS,
    ),
    Protection("no unix sockets", {"RestrictAddressFamilies": (True, _INTERNET)}, _ALWAYS, _no_unix_sockets),
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
    notices: tuple[str, ...] = ()
    """A sentence for each protection that is set and does not hold."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """Paths to hide from viewers, and at `strict` the homes."""

    folders: tuple[str, ...] = ()
    """Folders of the server in which something may be bound: a program that lies in its state, say."""
    paths: tuple[str, ...] = ()
    """Folders and files in which nothing may be."""
    homes: tuple[str, ...] = ()
    """The real paths of the account's homes."""


def harden(situation: Situation, visible: Iterable[str], hidden: Hidden) -> Hardened:
    """`visible` are folders and files that the viewer must see although they may lie where it sees nothing else."""
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
        # Bound at the same path, it would lie on top of what hides it.
        shown = dict.fromkeys(path for path in visible if path not in hidden.folders)
        in_user_manager = situation.scope is Scope.USER
        properties |= (_user_paths if in_user_manager else _system_paths)(situation, list(shown), hidden)
    lacking = [protection for protection in chosen if not protection.holds(situation)]
    return Hardened(
        properties,
        tuple(protection.name for protection in chosen if protection not in lacking),
        tuple(f"{protection.name} does not hold on this host: a unit saw through it" for protection in lacking),
    )


def _system_paths(situation: Situation, visible: Sequence[str], hidden: Hidden) -> Properties:
    empty = [RUN] if situation.host.hidden_sockets else []
    empty += [path for path in hidden.folders if is_plain(path)]
    out_of_reach = [*hidden.paths, *(path for path in hidden.folders if not is_plain(path))]
    return {
        "TemporaryFileSystem": [empty_folder(path) for path in dict.fromkeys([*empty, *_homes(situation, hidden)])],
        "InaccessiblePaths": [f"-{path}" for path in out_of_reach],
        "BindReadOnlyPaths": [_bind(path) for path in visible],
    }


def _user_paths(situation: Situation, visible: Sequence[str], hidden: Hidden) -> Properties:
    out_of_reach = [*hidden.paths, *(path for folder in hidden.folders for path in covered(folder, visible))]
    properties: Properties = {}
    if situation.host.hidden_sockets:
        out_of_reach += covered(RUN, [*visible, RUN_USER])
        out_of_reach += [path for path in LATE_SOCKETS if path not in out_of_reach]
        # At `standard` the homes are read-only and /run/user is hidden: only the tmpfs covers that.
        properties["ProtectHome"] = "tmpfs"
        if situation.level is Hardening.STANDARD:
            visible = [*filter(is_below_home, hidden.homes), *visible]
    if homes := _homes(situation, hidden):
        properties["TemporaryFileSystem"] = [empty_folder(path) for path in homes]
    return properties | {
        "InaccessiblePaths": [f"-{path}" for path in out_of_reach],
        "BindReadOnlyPaths": [_bind(path) for path in visible],
    }


def _homes(situation: Situation, hidden: Hidden) -> list[str]:
    is_hidden = situation.level is Hardening.STRICT and situation.host.hidden_sockets
    return list(dict.fromkeys(homes_to_cover(hidden.homes))) if is_hidden else []


def _needs_user_namespace(situation: Situation, properties: Properties) -> bool:
    return situation.scope is Scope.USER and situation.namespaces and bool(properties)


def _bind(path: str) -> tuple[bytes, bytes, bool, int]:
    encoded = path.encode(errors="surrogateescape")
    # The viewer itself complains of a folder that is gone, in words that people know.
    return encoded, encoded, True, _REC_BIND
