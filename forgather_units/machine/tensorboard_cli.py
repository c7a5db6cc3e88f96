"""Where the stock `tensorboard` command is, and what it can do."""

from __future__ import annotations

import importlib.metadata
import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused


@dataclass(frozen=True, slots=True)
class TensorBoardFacts:
    """`version` is empty where it is not installed beside us; without the data server large logdirs load slowly."""

    version: str
    has_data_server: bool


def find_tensorboard() -> str:
    """The absolute path of the stock command: beside this interpreter, else on $PATH. Raises Refused."""
    beside = Path(sys.executable).with_name("tensorboard")
    found = str(beside) if beside.is_file() else shutil.which("tensorboard")
    if found is None:
        raise Refused("the tensorboard command is not installed", hint="pip install tensorboard")
    return str(Path(found).absolute())


def folders_of(command: str) -> tuple[str, ...]:
    """The folders that `command` (an absolute path) reads its own code from, wherever a user has installed it."""
    own = [str(Path(command).parent), str(Path(command).resolve().parent)]
    asked = _ask_interpreter(command)
    there = [str(Path(folder)) for folder in (*own, *asked) if folder.startswith("/") and Path(folder).exists()]
    outermost = [folder for folder in dict.fromkeys(there) if not any(_is_below(folder, other) for other in there)]
    return tuple(outermost)


def _ask_interpreter(command: str) -> list[str]:
    """Where the interpreter of a Python script looks for modules; nothing for another kind of program."""
    try:
        with Path(command).open("rb") as script:
            first = script.readline(4096).decode(errors="surrogateescape").strip()
        interpreter = first.removeprefix("#!").split()
        if not first.startswith("#!") or "python" not in first:
            return []
        done = subprocess.run(
            [*interpreter, "-c", _WHERE],
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
    "import json, os, sys; "
    "print(json.dumps([sys.prefix, sys.base_prefix, os.path.realpath(sys.executable), *sys.path]))"
)


def _is_below(folder: str, other: str) -> bool:
    return folder != other and Path(folder).is_relative_to(other)


def tensorboard_facts() -> TensorBoardFacts:
    """Versions, from the packages' own metadata."""
    return TensorBoardFacts(_version("tensorboard"), bool(_version("tensorboard-data-server")))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
