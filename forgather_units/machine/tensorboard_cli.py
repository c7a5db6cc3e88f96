"""Where the stock `tensorboard` command is, and what it can do."""

from __future__ import annotations

import importlib.metadata
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

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


def tensorboard_facts() -> TensorBoardFacts:
    """Versions, from the packages' own metadata."""
    return TensorBoardFacts(_version("tensorboard"), bool(_version("tensorboard-data-server")))


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
