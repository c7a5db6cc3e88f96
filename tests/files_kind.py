"""A kind of viewer that the product does not have: Python's own file server, which starts in an instant."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, field
from pathlib import Path

from forgather_units.domain.job import Submission
from forgather_units.domain.listening import AUTO, Listening, Port
from forgather_units.domain.placement import Placing
from forgather_units.domain.program import Program
from forgather_units.viewers.contract.kind import Facts, Kind
from forgather_units.viewers.contract.option import PATH, Field, Place, option, words_of
from forgather_units.viewers.contract.python_program import folders_of

# Each pytest-xdist worker has its own range: with AUTO, one could take another's port between check and bind.
USUAL_PORT = 9000 + 100 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


@dataclass(frozen=True, slots=True)
class FilesOptions(Listening):
    """Python's own file server."""

    shown: str = field(
        metadata=option(
            type=PATH,
            metavar="DIR",
            help="folder whose files are shown",
            flag="--directory={}",
            field=Field(Place.MAIN, "Folder", missing="Choose a folder."),
            details="Folder",
        )
    )
    port: Port = field(default=USUAL_PORT, kw_only=True)

    @property
    def title(self) -> str:
        return Path(self.shown).name

    @property
    def folder(self) -> str:
        return self.shown


FILES = Kind(
    name="files",
    segment="files",
    noun="Files",
    usual_port=USUAL_PORT,
    options=FilesOptions,
    check=lambda options, around: Facts(),
    locate=lambda: (sys.executable, "-m", "http.server"),
    describe=lambda command: Program(command, (*folders_of(sys.executable), sys.base_prefix)),
    command_line=lambda options, port, prefix, prepared: [*words_of(options), f"--bind={options.address}", str(port)],
    ready=lambda prefix: "/",
)


def files_of(
    folder: Path, port: Port = AUTO, *, priority: int = 0, lazy: bool = True, direct: bool = False, kind: Kind = FILES
) -> Submission:
    """A file server of `folder`; a lazy one is placed asleep, without a process, a direct one binds its port itself."""
    options = FilesOptions(shown=str(folder), port=port)
    placing = Placing(lazy=lazy and not direct, direct=direct)
    return Submission(str(folder), "files", kind, options, priority=priority, placing=placing)
