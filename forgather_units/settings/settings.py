"""The settings, declared once: name, type, default and meaning. The file, the flags and the docs follow this table."""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, TypeVar

from forgather_units.domain import quantities
from forgather_units.domain.declaration import Service
from forgather_units.domain.errors import BadSettings
from forgather_units.domain.listening import LAST_PORT
from forgather_units.domain.placement import Hardening, IdleTimeout, Placement, ResourceLimits
from forgather_units.domain.text import shown, text_problem, unicode_problem
from forgather_units.domain.values import truth, whole_between
from forgather_units.settings import location, paths
from forgather_units.settings.contents import ArgsCheck, Contents, Problem, refuse
from forgather_units.settings.front_values import (
    BadEntry,
    allowed_hosts,
    public_url,
    sign_in_problem,
    trusted_proxies,
    user_header,
)

Choice = TypeVar("Choice", bound=StrEnum)


_KINDS_WITH_A_SETTING: Final = ("tensorboard", "mkdocs")
"""The kinds of viewer whose program has a setting of its own; `programs` has the others."""


class OnReload(StrEnum):
    """Effect of a reload of the settings file on a changed value."""

    LIVE = "live"
    """The server applies it: to everything at once, or to the viewers that it starts from then on."""
    RESTART = "restart"
    """The new value takes effect when the server restarts, which stops no viewer."""


def _live(meaning: str) -> dict[str, Any]:
    return {"help": meaning, "reload": OnReload.LIVE}


def _restart(meaning: str) -> dict[str, Any]:
    return {"help": meaning, "reload": OnReload.RESTART}


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting: default, meaning (`help`) and effect of a reload (`reload`); times are in seconds."""

    host: str = field(default="127.0.0.1", metadata=_restart("address that the server listens on"))
    port: int = field(default=8765, metadata=_restart("port that the server listens on (0: any free one)"))
    log_level: str = field(default="INFO", metadata=_live("DEBUG, INFO, WARNING or ERROR"))
    auth: bool = field(default=True, metadata=_restart("ask for a token or a password"))
    auth_dir: Path = field(default_factory=paths.auth_dir, metadata=_restart("folder of the token and the password"))
    allowed_hosts: tuple[str, ...] = field(
        default=(),
        metadata=_restart(
            "host names, in addition to this machine's, under which browsers may reach the server; also *.lab.org"
        ),
    )
    trusted_proxy: tuple[str, ...] = field(
        default=(),
        metadata=_restart(
            "reverse proxies whose X-Forwarded-For and -Proto are believed: addresses, ranges (10.0.0.0/8), unix"
        ),
    )
    user_header: str = field(
        default="",
        metadata=_restart("header in which a trusted proxy names the user whom it has signed in: X-Forwarded-User"),
    )
    public_url: str = field(
        default="",
        metadata=_restart("address under which people open the server, where it is another one; it may contain a path"),
    )
    group: str = field(
        default="",
        metadata=_restart("group whose members use the server over its unix socket, without a token"),
    )
    admins: tuple[str, ...] = field(
        default=(),
        metadata=_restart("accounts, or groups as %name, that may change other accounts' jobs"),
    )
    state_dir: Path = field(default_factory=paths.state_dir, metadata=_restart("folder of the queue and the history"))
    search_roots: tuple[str, ...] = field(
        default=(), metadata=_live("folders below which Forgather projects are looked for")
    )
    browse_roots: tuple[str, ...] = field(
        default=("~",), metadata=_live("folders in which the page may look for logdirs")
    )
    unit_prefix: str = field(
        default="forgather",
        metadata=_restart(
            "first part of every unit's name, and the slice; another server of the same account needs another one"
        ),
    )
    tensorboard: str = field(default="", metadata=_restart("path of the tensorboard command (empty: look for it)"))
    mkdocs: str = field(default="", metadata=_restart("path of the mkdocs command (empty: look for it)"))
    programs: Mapping[str, str] = field(
        default_factory=dict,
        metadata=_restart("paths of the commands of other kinds of viewer, by kind"),
    )
    max_running: int = field(default=0, metadata=_live("TensorBoards that may run at once (0: no cap)"))
    history_jobs: int = field(default=10000, metadata=_live("ended jobs that are kept, the newest (0: no limit)"))
    history_days: int = field(default=365, metadata=_live("days for which an ended job is kept (0: no limit)"))
    start_timeout: float = field(default=120.0, metadata=_live("seconds in which a TensorBoard must answer"))
    stop_timeout: float = field(default=10.0, metadata=_live("seconds after which a stopping one gets SIGKILL"))
    placement: Placement = field(
        default=Placement.SOCKET, metadata=_live("socket wherever the host can, or direct always")
    )
    idle_timeout: IdleTimeout = field(
        default=900.0,
        metadata=_live("seconds without a connection after which a TensorBoard sleeps, or never"),
    )
    hardening: Hardening = field(
        default=Hardening.STRICT,
        metadata=_live("sandboxing of viewer units: off, standard or strict"),
    )
    read_only_paths: tuple[str, ...] = field(
        default=(), metadata=_live("folders that every TensorBoard may read, in addition to its logdir")
    )
    writable_logdir: bool = field(
        default=False, metadata=_live("let every TensorBoard write into its logdir, where some plugins keep files")
    )
    environment: tuple[str, ...] = field(
        default=(),
        metadata=_live("names of variables that every viewer gets from the server, in addition to PATH and the like"),
    )
    memory_high: int | None = field(default=None, metadata=_live("memory above which a TensorBoard is slowed down"))
    memory_max: int | None = field(default=None, metadata=_live("memory above which a TensorBoard is killed"))
    cpu_weight: int | None = field(
        default=None,
        metadata=_live("share of the CPU, 1 to 10000 (none: 100, and 10 more a priority)"),
    )
    tasks_max: int | None = field(default=None, metadata=_live("processes and threads of a TensorBoard"))
    slice_memory_high: int | None = field(default=None, metadata=_live("memory_high of all TensorBoards together"))
    slice_memory_max: int | None = field(default=None, metadata=_live("memory_max of all TensorBoards together"))
    slice_cpu_weight: int | None = field(default=None, metadata=_live("cpu_weight of all TensorBoards together"))
    slice_tasks_max: int | None = field(default=None, metadata=_live("tasks_max of all TensorBoards together"))

    @property
    def database(self) -> Path:
        return self.state_dir / "forgather.db"

    @property
    def served_at_file(self) -> Path:
        """Where the server writes its address at each start: its token may be sent there."""
        return self.auth_dir / "served_at"

    @property
    def search_roots_file(self) -> Path:
        """The file of the search roots that were added in addition to the settings."""
        return self.state_dir / "search-roots.json"

    @property
    def own_paths(self) -> tuple[Path, ...]:
        """The server's folders and files, which no viewer may show. (Others' may lie in the state folder.)"""
        database = [Path(f"{self.database}{suffix}") for suffix in ("", "-wal", "-shm", "-journal")]
        probed, lock = self.state_dir / "probe", self.state_dir / "server.lock"
        return self.auth_dir, *database, self.search_roots_file, self.exits_dir, probed, lock

    @property
    def program_paths(self) -> Mapping[str, str]:
        """The path of each kind's command, as far as the settings give one."""
        return {**self.programs, **{kind: getattr(self, kind) for kind in _KINDS_WITH_A_SETTING}}

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


def needs_restart(before: Settings, after: Settings) -> list[str]:
    """The names of the changed settings that a reload does not apply."""
    return [
        each.name
        for each in dataclasses.fields(Settings)
        if each.metadata["reload"] is OnReload.RESTART and getattr(before, each.name) != getattr(after, each.name)
    ]


def _seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e6:
        raise ValueError("must be a number of seconds above 0")
    return float(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("must be text")
    if problem := text_problem(value):
        raise ValueError(problem)
    return value


def _names(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise ValueError("must be a list of names")
    return tuple(map(_text, value))


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


def _variables(value: Any) -> tuple[str, ...]:
    names = _names(value)
    for name in names:
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise ValueError(f"must be a list of names of variables, and {name!r} is none")
    return names


def _programs(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(name, str) for name in value):
        raise ValueError("must be a mapping of kinds to paths")
    for kind in _KINDS_WITH_A_SETTING:
        if kind in value:
            raise ValueError(f"cannot have {kind}, which is a setting of its own")
    return {kind: str(_folder(path)) for kind, path in value.items()}


def _paths(value: Any) -> tuple[str, ...]:
    return tuple(str(_folder(path)) for path in _names(value))


_PARSERS: Mapping[str, Callable[[Any], Any]] = {
    "host": _text,
    "port": whole_between(0, LAST_PORT),
    "log_level": _level,
    "auth": truth,
    "auth_dir": _folder,
    "allowed_hosts": lambda value: allowed_hosts(_names(value)),
    "trusted_proxy": trusted_proxies,
    "user_header": lambda value: user_header(_text(value)),
    "public_url": lambda value: public_url(_text(value)),
    "group": _text,
    "admins": _names,
    "state_dir": _folder,
    "search_roots": _paths,
    "browse_roots": _paths,
    "unit_prefix": _prefix,
    "tensorboard": _text,
    "mkdocs": _text,
    "programs": _programs,
    "max_running": whole_between(0, 100_000),
    "history_jobs": whole_between(0, 10_000_000),
    "history_days": whole_between(0, 100_000),
    "start_timeout": _seconds,
    "stop_timeout": _seconds,
    "placement": _one_of(Placement),
    "idle_timeout": quantities.idle_timeout,
    "hardening": _one_of(Hardening),
    "read_only_paths": _paths,
    "writable_logdir": truth,
    "environment": _variables,
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
        except BadEntry as why:
            raise BadSettings(f"{source}: {key} {why}", field=key) from None
        except ValueError as why:
            raise BadSettings(f"{source}: {key} {why}, not {shown(value)}", field=key) from None
    return values


@dataclass(frozen=True, slots=True)
class Loaded:
    """The settings and their sources."""

    settings: Settings
    services: tuple[Service, ...]
    file: Path
    """Where the file is, or would be."""
    sources: Mapping[str, str]
    """The source of each setting: `default`, `flag`, or the file and line."""


def config_file() -> Path:
    """The settings file that counts where none is named; renames that of an earlier version."""
    return location.config_file((*_PARSERS, "services"))


def read_file(file: Path, check_args: ArgsCheck | None = None) -> Contents:
    """The content of the file; empty if it is absent or empty. Raises BadSettings: the first mistake."""
    contents = _contents(file, check_args)
    if contents.problems:
        raise refuse(file, contents.problems)
    return contents


def problems_of(file: Path, check_args: ArgsCheck | None = None) -> list[Problem]:
    """Every mistake in the file."""
    return _contents(file, check_args).problems


def _contents(file: Path, check_args: ArgsCheck | None) -> Contents:
    if not os.path.lexists(file):
        return Contents()
    # PyYAML takes a tenth of a second to import, which each command of a person without a settings file would pay.
    from forgather_units.settings.file import read

    return read(file, _PARSERS, check_args)


def load(file: Path | None, flags: Mapping[str, Any]) -> Settings:
    """The settings: flags (None: not given) over the file over the defaults. A named file must exist."""
    return load_all(file, flags).settings


def load_all(file: Path | None, flags: Mapping[str, Any], check_args: ArgsCheck | None = None) -> Loaded:
    """The same, with the declared services and the source of each value. Raises BadSettings."""
    if file is not None:
        location.check_named(file)
    place = file or config_file()
    contents = read_file(place, check_args)
    given = parse({key: value for key, value in flags.items() if value is not None}, "command line")
    sources = {each.name: "default" for each in dataclasses.fields(Settings)}
    sources |= {key: f"{place}:{line}" for key, line in contents.lines.items()} | dict.fromkeys(given, "flag")
    if problem := sign_in_problem(contents.values | given):
        raise BadSettings(f"{sources['user_header']}: {problem}", field="user_header")
    settings = dataclasses.replace(Settings(), **contents.values | given)
    for each in dataclasses.fields(Settings):
        # The defaults are paths in the home and below $XDG_STATE_HOME: no parser has seen those.
        value = getattr(settings, each.name)
        if isinstance(value, str | Path) and (problem := unicode_problem(str(value))):
            raise BadSettings(f"{sources[each.name]}: {each.name} {problem}", field=each.name)
    return Loaded(settings, tuple(contents.services), place, sources)
