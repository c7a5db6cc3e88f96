"""The settings, declared once: name, type, default and meaning. The file, the flags and the docs follow this table."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from forgather_units.domain import quantities
from forgather_units.domain.errors import BadSettings
from forgather_units.domain.placement import Hardening, IdleTimeout, Placement, ResourceLimits
from forgather_units.domain.service import Service
from forgather_units.settings import paths
from forgather_units.settings.file import ArgsCheck, Contents, Problem, read, refuse

Choice = TypeVar("Choice", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting with its default; times are in seconds."""

    host: str = field(default="127.0.0.1", metadata={"help": "address that the server listens on"})
    port: int = field(default=8765, metadata={"help": "port that the server listens on (0: any free one)"})
    log_level: str = field(default="INFO", metadata={"help": "DEBUG, INFO, WARNING or ERROR"})
    auth: bool = field(default=True, metadata={"help": "ask for a token or a password"})
    auth_dir: Path = field(default_factory=paths.auth_dir, metadata={"help": "folder of the token and the password"})
    allowed_hosts: tuple[str, ...] = field(
        default=(), metadata={"help": "names, beside this machine's, under which browsers may reach the server"}
    )
    trusted_proxy: str = field(
        default="", metadata={"help": "address of the reverse proxy whose X-Forwarded-For and -Proto are believed"}
    )
    public_url: str = field(
        default="", metadata={"help": "address under which people open the server, where it is another one"}
    )
    group: str = field(
        default="", metadata={"help": "group whose members use the server over its unix socket, without a token"}
    )
    admins: tuple[str, ...] = field(
        default=(), metadata={"help": "accounts, or groups as %name, that may change what others have queued"}
    )
    state_dir: Path = field(default_factory=paths.state_dir, metadata={"help": "folder of the queue and the history"})
    search_roots: tuple[str, ...] = field(
        default=(), metadata={"help": "folders below which Forgather projects are looked for"}
    )
    browse_roots: tuple[str, ...] = field(
        default=("~",), metadata={"help": "folders in which the page may look for logdirs"}
    )
    unit_prefix: str = field(default="forgather", metadata={"help": "first part of every unit's name, and the slice"})
    tensorboard: str = field(default="", metadata={"help": "path of the tensorboard command (empty: look for it)"})
    mkdocs: str = field(default="", metadata={"help": "path of the mkdocs command (empty: look for it)"})
    max_running: int = field(default=0, metadata={"help": "TensorBoards that may run at once (0: no cap)"})
    start_timeout: float = field(default=120.0, metadata={"help": "seconds in which a TensorBoard must answer"})
    stop_timeout: float = field(default=10.0, metadata={"help": "seconds after which a stopping one gets SIGKILL"})
    placement: Placement = field(
        default=Placement.SOCKET, metadata={"help": "socket wherever the host can, or direct always"}
    )
    idle_timeout: IdleTimeout = field(
        default=900.0, metadata={"help": "seconds without a connection after which a TensorBoard sleeps, or never"}
    )
    hardening: Hardening = field(
        default=Hardening.STRICT, metadata={"help": "how much a TensorBoard is kept from: off, standard or strict"}
    )
    read_only_paths: tuple[str, ...] = field(
        default=(), metadata={"help": "folders that every TensorBoard may read, beside its logdir"}
    )
    memory_high: int | None = field(default=None, metadata={"help": "memory above which a TensorBoard is slowed down"})
    memory_max: int | None = field(default=None, metadata={"help": "memory above which a TensorBoard is killed"})
    cpu_weight: int | None = field(
        default=None, metadata={"help": "share of the CPU, 1 to 10000 (none: 100, and 10 more a priority)"}
    )
    tasks_max: int | None = field(default=None, metadata={"help": "processes and threads of a TensorBoard"})
    slice_memory_high: int | None = field(default=None, metadata={"help": "memory_high of all TensorBoards together"})
    slice_memory_max: int | None = field(default=None, metadata={"help": "memory_max of all TensorBoards together"})
    slice_cpu_weight: int | None = field(default=None, metadata={"help": "cpu_weight of all TensorBoards together"})
    slice_tasks_max: int | None = field(default=None, metadata={"help": "tasks_max of all TensorBoards together"})

    @property
    def database(self) -> Path:
        return self.state_dir / "forgather.db"

    @property
    def search_roots_file(self) -> Path:
        """Where the search roots are kept that were added beside the settings."""
        return self.state_dir / "search-roots.json"

    @property
    def limits(self) -> ResourceLimits:
        """Of each job that names none of its own."""
        return ResourceLimits(self.memory_high, self.memory_max, self.cpu_weight, self.tasks_max)

    @property
    def slice_limits(self) -> ResourceLimits:
        """Of all jobs together."""
        return ResourceLimits(
            self.slice_memory_high, self.slice_memory_max, self.slice_cpu_weight, self.slice_tasks_max
        )

    @property
    def exits_dir(self) -> Path:
        """The folder in which units leave word of how they ended."""
        return self.state_dir / "exits"


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"must be a whole number from {low} to {high}")
        return value

    return parse


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise ValueError("must be a number of seconds above 0")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    return value


def _truth(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("must be a list of names")
    return tuple(value)


def _address(value: Any) -> str:
    text = _text(value)
    try:
        return str(ipaddress.ip_address(text)) if text else ""
    except ValueError:
        raise ValueError("must be an IP address") from None


def _url(value: Any) -> str:
    text = _text(value)
    if text and not re.fullmatch(r"https?://[^\s/?#@]+", text):
        raise ValueError("must be https://NAME or http://NAME:PORT")
    return text


def _folder(value: Any) -> Path:
    folder = Path(_text(value)).expanduser()
    if not folder.is_absolute():
        raise ValueError("must be an absolute path")
    return folder


def _level(value: Any) -> str:
    if value not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise ValueError("must be DEBUG, INFO, WARNING or ERROR")
    return str(value)


def _prefix(value: Any) -> str:
    # A dash in a slice's name nests it: forgather-lab.slice lies inside forgather.slice.
    if not isinstance(value, str) or len(value) > 32 or not re.fullmatch(r"[a-z][a-z0-9_]*(-[a-z0-9_]+)*", value):
        raise ValueError("must be lower-case letters, digits, _ and single dashes, at most 32, a letter first")
    return value


def _one_of(choices: type[Choice]) -> Callable[[Any], Choice]:
    def parse(value: Any) -> Choice:
        if value not in list(choices):
            raise ValueError(f"must be one of {', '.join(choices)}")
        return choices(value)

    return parse


def _paths(value: Any) -> tuple[str, ...]:
    return tuple(str(_folder(path)) for path in _names(value))


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "host": _text,
    "port": _whole(0, 65535),
    "log_level": _level,
    "auth": _truth,
    "auth_dir": _folder,
    "allowed_hosts": _names,
    "trusted_proxy": _address,
    "public_url": _url,
    "group": _text,
    "admins": _names,
    "state_dir": _folder,
    "search_roots": _paths,
    "browse_roots": _paths,
    "unit_prefix": _prefix,
    "tensorboard": _text,
    "mkdocs": _text,
    "max_running": _whole(0, 100_000),
    "start_timeout": _seconds,
    "stop_timeout": _seconds,
    "placement": _one_of(Placement),
    "idle_timeout": quantities.idle_timeout,
    "hardening": _one_of(Hardening),
    "read_only_paths": _paths,
    **{
        f"{part}{name}": parser
        for part in ("", "slice_")
        for name, parser in (
            ("memory_high", quantities.memory),
            ("memory_max", quantities.memory),
            ("cpu_weight", quantities.cpu_weight),
            ("tasks_max", quantities.tasks),
        )
    },
}


def parse(mapping: Mapping[str, Any], source: str) -> dict[str, Any]:
    """The valid values of `mapping`; `source` is what an error calls it. Raises BadSettings."""
    values: dict[str, Any] = {}
    for key, value in mapping.items():
        parser = _PARSERS.get(key)
        if parser is None:
            raise BadSettings(
                f"{source}: unknown setting {key!r}", hint=f"known: {', '.join(_PARSERS)}", field=str(key)
            )
        try:
            values[key] = parser(value)
        except ValueError as why:
            raise BadSettings(f"{source}: {key} {why}, not {value!r}", field=key) from None
    return values


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings with all that stands around them."""

    settings: Settings
    services: tuple[Service, ...]
    file: Path
    """Where the file is, or would be."""
    sources: Mapping[str, str]
    """Where each setting comes from: `default`, `flag`, or the file and line."""


def read_file(file: Path, check_args: ArgsCheck | None = None) -> Contents:
    """What the file says; an absent or empty file says nothing. Raises BadSettings: the first mistake."""
    contents = read(file, _PARSERS, check_args)
    if contents.problems:
        raise refuse(file, contents.problems)
    return contents


def problems_of(file: Path, check_args: ArgsCheck | None = None) -> list[Problem]:
    """Every mistake in the file."""
    return read(file, _PARSERS, check_args).problems


def load(file: Path | None, flags: Mapping[str, Any]) -> Settings:
    """The settings: flags (None: not given) over the file over the defaults. A named file must exist."""
    return load_all(file, flags).settings


def load_all(file: Path | None, flags: Mapping[str, Any], check_args: ArgsCheck | None = None) -> Loaded:
    """The same, with the declared services, and where each value comes from. Raises BadSettings."""
    if file is not None and not file.exists():
        raise BadSettings(f"{file}: no such settings file")
    place = file or paths.config_file()
    contents = read_file(place, check_args)
    given = parse({key: value for key, value in flags.items() if value is not None}, "command line")
    sources = {each.name: "default" for each in dataclasses.fields(Settings)}
    sources |= {key: f"{place}:{line}" for key, line in contents.lines.items()} | dict.fromkeys(given, "flag")
    settings = dataclasses.replace(Settings(), **contents.values | given)
    return Loaded(settings, tuple(contents.services), place, sources)
