"""The stock mkdocs command of this machine."""

from __future__ import annotations

import sys
from pathlib import Path

from forgather_units.domain.errors import Refused
from forgather_units.domain.program import Program
from forgather_units.viewers.contract.command_path import which
from forgather_units.viewers.contract.python_program import folders_of


def find_mkdocs() -> tuple[str, ...]:
    """The absolute path of the stock command: next to this interpreter, else on $PATH. Raises Refused."""
    beside = Path(sys.executable).with_name("mkdocs")
    found = str(beside) if beside.is_file() else which("mkdocs")
    if found is None:
        raise Refused("the mkdocs command is not installed", hint="pip install mkdocs", field="job_type")
    return (str(Path(found).absolute()),)


def describe_mkdocs(command: tuple[str, ...]) -> Program:
    """The program, with the folders that its code is read from."""
    return Program(command, folders_of(command[0], "mkdocs"))
