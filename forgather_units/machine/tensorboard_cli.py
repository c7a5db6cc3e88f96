"""Where the stock `tensorboard` command is, and what it can do."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.machine.private_tensorboard import private_command

_PACKAGED: Final = Path("/usr/lib/forgather-units/tensorboard/bin/tensorboard")
"""That of the Debian package forgather-units-tensorboard, which leaves the PATH to others."""


@dataclass(frozen=True, slots=True)
class TensorBoardFacts:
    """`version` is empty where it cannot be told; without the data server large logdirs load slowly."""

    version: str
    has_data_server: bool


def find_tensorboard() -> str:
    """The absolute path of the stock command. Raises Refused.

    The private one that was asked for, else the one beside this interpreter, on $PATH, of the Debian package.
    """
    if (private := private_command()) is not None:
        return str(private)
    beside = Path(sys.executable).with_name("tensorboard")
    on_path = shutil.which("tensorboard")
    found = next((path for path in (beside, Path(on_path or ""), _PACKAGED) if path.is_file()), None)
    if found is None:
        raise Refused(
            "the tensorboard command is not installed",
            hint="forgather tb install, or the package forgather-units-tensorboard",
        )
    return str(found.absolute())


def folders_of(command: str) -> tuple[str, ...]:
    """The folders that `command` (an absolute path) reads its own code from, wherever a user has installed it."""
    own = [str(Path(command).parent), str(Path(command).resolve().parent)]
    asked = _ask_interpreter(command, _WHERE)
    there = [str(Path(folder)) for folder in (*own, *asked) if folder.startswith("/") and Path(folder).exists()]
    outermost = [folder for folder in dict.fromkeys(there) if not any(_is_below(folder, other) for other in there)]
    return tuple(outermost)


def _ask_interpreter(command: str, question: str) -> list[str]:
    """What the interpreter of a Python script answers, behind its own path; nothing for another kind of program."""
    try:
        with Path(command).open("rb") as script:
            first = script.readline(4096).decode(errors="surrogateescape").strip()
        interpreter = first.removeprefix("#!").split()
        if not first.startswith("#!") or "python" not in first:
            return []
        done = subprocess.run(
            # Beside a command in bin/, lib/ may hold its modules.
            [*interpreter, "-c", question, str(Path(command).parents[1] / "lib")],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
        return [*interpreter[:1], *json.loads(done.stdout)]
    except (OSError, subprocess.SubprocessError, ValueError):
        return []


_WHERE: Final = (
    "import json, os, sys; sys.path.append(sys.argv[1]); "
    "print(json.dumps([sys.prefix, sys.base_prefix, os.path.realpath(sys.executable), *sys.path]))"
)


def _is_below(folder: str, other: str) -> bool:
    return folder != other and Path(folder).is_relative_to(other)


_WHICH: Final = """
import importlib.metadata, json, sys
sys.path.append(sys.argv[1])
def version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
print(json.dumps([version("tensorboard"), version("tensorboard-data-server")]))
"""


def tensorboard_facts(command: str) -> TensorBoardFacts:
    """Versions, from the packages' own metadata, as the interpreter of `command` finds them."""
    _, version, data_server = _ask_interpreter(command, _WHICH) or ["", "", ""]
    return TensorBoardFacts(version, bool(data_server))
