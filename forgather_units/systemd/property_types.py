"""D-Bus types of the properties of units that this program sets and reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, NamedTuple

_UNIT: Final = "org.freedesktop.systemd1.Unit"
_SERVICE: Final = "org.freedesktop.systemd1.Service"
_SOCKET: Final = "org.freedesktop.systemd1.Socket"


class Typed(NamedTuple):
    """A property to set."""

    name: str
    signature: str
    value: Any


class Readable(NamedTuple):
    """A property to read."""

    name: str
    interface: str
    signature: str


_SETTABLE: Final[Mapping[str, str]] = {
    name: signature
    for signature, names in {
        "s": "CollectMode Description DevicePolicy KeyringMode KillMode NotifyAccess OOMPolicy ProcSubset ProtectHome "
        "ProtectProc ProtectSystem Restart Slice StandardErrorFile StandardOutputFile SyslogIdentifier Type",
        "b": "CPUAccounting IOAccounting LockPersonality MemoryAccounting MemoryDenyWriteExecute NoNewPrivileges "
        "PrivateDevices PrivateIPC PrivateNetwork PrivateTmp PrivateUsers ProtectClock ProtectControlGroups "
        "ProtectHostname ProtectKernelLogs ProtectKernelModules ProtectKernelTunables RemainAfterExit RemoveIPC "
        "RemoveOnStop RestrictRealtime RestrictSUIDSGID TasksAccounting",
        "i": "SystemCallErrorNumber",
        "u": "DirectoryMode RuntimeDirectoryMode SocketMode StartLimitBurst UMask",
        "t": "AmbientCapabilities CPUWeight CapabilityBoundingSet LimitCORE LimitNOFILE MemoryHigh MemoryMax "
        "RestartUSec RestrictNamespaces StartLimitIntervalUSec TasksMax TimeoutStartUSec TimeoutStopUSec",
        "as": "After Documentation Environment InaccessiblePaths Requires RuntimeDirectory SystemCallArchitectures",
        "a(ss)": "Listen TemporaryFileSystem",
        "a(ssbt)": "BindPaths BindReadOnlyPaths",
        "a(sasb)": "ExecStart ExecStopPost",
        "a(sasas)": "ExecStartEx ExecStopPostEx",
        "(bas)": "RestrictAddressFamilies SystemCallFilter",
        "(aiai)": "RestartPreventExitStatus",
    }.items()
    for name in names.split()
}

_OF_UNITS: Final[dict[str, Readable]] = {
    name: Readable(name, _UNIT, signature)
    for name, signature in {
        "LoadState": "s",
        "ActiveState": "s",
        "SubState": "s",
        "InvocationID": "ay",
        "Job": "(uo)",
        "ActiveEnterTimestamp": "t",
        "InactiveEnterTimestamp": "t",
        "InactiveExitTimestamp": "t",
    }.items()
}
_OF_SERVICES: Final[dict[str, Readable]] = _OF_UNITS | {
    name: Readable(name, _SERVICE, signature)
    for name, signature in {
        "MainPID": "u",
        "NRestarts": "u",
        "MemoryCurrent": "t",
        "CPUUsageNSec": "t",
        "IOReadBytes": "t",
        "IOWriteBytes": "t",
        "Result": "s",
        "ExecMainCode": "i",
        "ExecMainStatus": "i",
        "Environment": "as",
    }.items()
}
_OF_SOCKETS: Final[dict[str, Readable]] = _OF_UNITS | {"Result": Readable("Result", _SOCKET, "s")}


def typed(properties: Mapping[str, Any]) -> Iterator[Typed]:
    """The properties with their types. `NAME-` is a further assignment of NAME, which systemd adds to the first.

    Raises KeyError for a property that the table lacks.
    """
    for name, value in properties.items():
        plain = name.removesuffix("-")
        yield Typed(plain, _SETTABLE[plain], value)


def readable(unit: str, name: str) -> Readable:
    """A property of `unit`, a service or a socket. Raises KeyError for one that the table lacks."""
    return (_OF_SOCKETS if unit.endswith(".socket") else _OF_SERVICES)[name]
