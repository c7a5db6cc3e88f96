"""Finds the stock `tensorboard` command and its features."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.files import mount_walk
from forgather_units.viewers.contract.command_path import which
from forgather_units.viewers.contract.python_program import ask_python
from forgather_units.viewers.tensorboard.private_install import private_command, private_folder

_PACKAGED: Final = Path("/usr/lib/forgather-units/tensorboard/bin/tensorboard")
"""That of the Debian package forgather-units-tensorboard, which leaves the PATH to others."""


@dataclass(frozen=True, slots=True)
class TensorBoardFacts:
    """`version` is empty if unknown; without the data server large logdirs load slowly."""

    version: str
    has_data_server: bool


def find_tensorboard() -> str:
    """The absolute path of the stock command. Raises Refused.

    The privately installed one, else the one next to this interpreter, on $PATH, or of the Debian package.
    """
    mount_walk.enter(str(private_folder()))
    if (private := private_command()) is not None:
        return str(private)
    # One after the other: a folder in $PATH may be on a file system that does not answer.
    candidates = (_beside, lambda: Path(which("tensorboard") or ""), lambda: _PACKAGED)
    found = next((path for candidate in candidates if (path := candidate()).is_file()), None)
    if found is None:
        raise Refused(
            "the tensorboard command is not installed",
            hint="forgather tb install, or the package forgather-units-tensorboard",
        )
    return str(found.absolute())


def _beside() -> Path:
    return Path(sys.executable).with_name("tensorboard")


_WHICH: Final = """
import importlib.metadata
def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
answer = [version("tensorboard"), version("tensorboard-data-server")]
"""


_WRITES: Final = """
import importlib.util
answer = [name for name in ("tensorboard_plugin_profile", "xprof") if importlib.util.find_spec(name)]
"""


def writing_plugins(command: str) -> tuple[str, ...]:
    """Packages installed with `command` that keep their own files next to the logs.

    XProf (the profile plugin) converts a trace before it shows it, stores the outcome in the run's folder, and lists no
    tools where it cannot.
    """
    return tuple(ask_python(command, _WRITES, "tensorboard") or ())


def tensorboard_facts(command: str) -> TensorBoardFacts:
    """Versions, from the packages' own metadata, as the interpreter of `command` finds them."""
    version, data_server = ask_python(command, _WHICH, "tensorboard") or ["", ""]
    return TensorBoardFacts(version, bool(data_server))
