"""Template globals in addition to Jinja2's: paths, times, names of this host. None of them opens a file."""

from __future__ import annotations

import os
import platform
from collections import namedtuple
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

import yaml
from jinja2 import Undefined

_FILE_TIME: Final = "%Y-%m-%dT%H-%M-%S"
# A viewer's machine need not have them; a template compares their numbers all the same.
_NOT_INSTALLED: Final = "0"
_LIBRARIES: Final = ("torch", "transformers", "accelerate")

# Without its processor, for which Python would start a program.
_Uname = namedtuple("_Uname", "system node release version machine processor")


def machine_globals() -> dict[str, Any]:
    """Values shared by all templates of this process."""
    uname = os.uname()
    return {
        "hostname": uname.nodename,
        "uname": _Uname(uname.sysname, uname.nodename, uname.release, uname.version, uname.machine, uname.machine),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _LIBRARIES}},
        **_TIMES,
        **_PATHS,
        **_FOLDERS,
        "repr": repr,
        "modname_from_path": _named(lambda path: os.path.splitext(os.path.basename(path))[0]),
    }


def user_templates(environ: Mapping[str, str] = os.environ) -> str:
    """The folder of the user's own templates for meta.yaml."""
    return str(Path(_xdg("XDG_CONFIG_HOME", "~/.config", environ), "forgather", "templates"))


def toyaml(value: Any, default: Any = Undefined) -> str:
    """The filter: `value` as YAML on one line; `default` where it is undefined."""
    if isinstance(value, Undefined):
        if default is Undefined:
            return str(value)  # which raises, and names it
        value = default
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf"))
    return text.strip().removesuffix("...").rstrip()


def _version(library: str) -> str:
    try:
        return version(library)
    except PackageNotFoundError:
        return _NOT_INSTALLED


def _named(function: Callable[..., Any]) -> Callable[..., Any]:
    """An undefined argument says its own name, which the functions of `os.path` would not."""

    @wraps(function)
    def checked(*args: Any, **more: Any) -> Any:
        for arg in args:
            if isinstance(arg, Undefined):
                str(arg)
        return function(*args, **more)

    return checked


def _xdg(variable: str, default: str, environ: Mapping[str, str] = os.environ) -> str:
    given = environ.get(variable, "")
    return given if given.startswith("/") else os.path.expanduser(default)


def _folder(root: Callable[[], str]) -> Callable[..., str]:
    """As platformdirs has it, without its `ensure_exists`: reading a config creates no folders."""

    def folder(appname: str | None = None, appauthor: str | None = None, version: str | None = None) -> str:
        return os.path.join(root(), *([appname] if appname else []), *([version] if appname and version else []))

    return folder


_PATHS: Final = {
    "joinpath": _named(os.path.join),
    "normpath": _named(os.path.normpath),
    "abspath": _named(os.path.abspath),
    "relpath": _named(os.path.relpath),
    "dirname": _named(os.path.dirname),
    "basename": _named(os.path.basename),
    "splitext": _named(os.path.splitext),
}
_TIMES: Final = {
    "isotime": lambda: datetime.now().isoformat(timespec="seconds"),
    "utcisotime": lambda: datetime.now(UTC).replace(tzinfo=None).isoformat(timespec="seconds"),
    "filetime": lambda: datetime.now().strftime(_FILE_TIME),
    "utcfiletime": lambda: datetime.now(UTC).strftime(_FILE_TIME),
    "now": lambda: datetime.now(),
    "utcnow": lambda: datetime.now(UTC).replace(tzinfo=None),
}
_FOLDERS: Final = {
    "user_home_dir": lambda: os.path.expanduser("~"),
    "getcwd": os.getcwd,
    "forgather_config_dir": lambda: os.path.join(_xdg("XDG_CONFIG_HOME", "~/.config"), "forgather"),
    "user_data_dir": _folder(lambda: _xdg("XDG_DATA_HOME", "~/.local/share")),
    "user_cache_dir": _folder(lambda: _xdg("XDG_CACHE_HOME", "~/.cache")),
    "user_config_dir": _folder(lambda: _xdg("XDG_CONFIG_HOME", "~/.config")),
    "site_data_dir": _folder(lambda: "/usr/local/share"),
    "site_config_dir": _folder(lambda: "/etc/xdg"),
}
