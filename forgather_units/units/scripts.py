"""Copies of the scripts of units (ExecStart=, ExecStopPost=), which stay unchanged while a unit uses them.

A unit outlives the server and the installed package: with the package's scripts, a sleeping unit would wake with those
of a later version, or with none while the package is replaced. So each version of the scripts has a folder of its own,
named by their content, in the runtime folder of the service manager: like the transient units it lasts until the
manager ends.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_NAMES: Final = ("behind_socket.sh", "exit_record.sh")


@dataclass(frozen=True, slots=True)
class Content:
    """The scripts of this server's version: by file name, their bytes."""

    files: Mapping[str, bytes]
    version: str

    @classmethod
    def read(cls, others: Iterable[Path] = ()) -> Content:
        """Read once, at the start: a server keeps the version that it was started with.

        `others` are files of the kinds of viewer that their programs load.
        """
        paths = [*(Path(__file__).with_name(name) for name in _NAMES), *others]
        files = {path.name: path.read_bytes() for path in paths}
        return cls(files, hashlib.sha256(b"\0".join(files.values())).hexdigest()[:16])


@dataclass(frozen=True, slots=True)
class Scripts:
    """`folder` holds all versions, of which this process uses one."""

    folder: Path
    content: Content

    @property
    def version(self) -> str:
        return self.content.version

    @property
    def current(self) -> Path:
        return self.folder / self.version

    @property
    def behind_socket(self) -> Path:
        """Starts a viewer behind a socket."""
        return self.current / "behind_socket.sh"

    @property
    def exit_record(self) -> Path:
        """Records how a unit ended."""
        return self.current / "exit_record.sh"

    def install(self) -> None:
        """Install the current version. Raises OSError."""
        if all(_holds(self.current / name, content) for name, content in self.content.files.items()):
            return
        self.current.mkdir(parents=True, exist_ok=True, mode=0o700)
        for name, content in self.content.files.items():
            # Units starting now read the old file or the new one, never a partial one.
            new = self.current / f".{name}.{os.getpid()}"
            try:
                new.write_bytes(content)
                new.rename(self.current / name)
            finally:
                new.unlink(missing_ok=True)

    def remove_unused(self, used: Collection[str]) -> None:
        """Remove the versions that are neither current nor in `used`."""
        if not self.folder.is_dir():
            return
        for version in self.folder.iterdir():
            if version.name not in {*used, self.version}:
                shutil.rmtree(version, ignore_errors=True)


def _holds(file: Path, content: bytes) -> bool:
    try:
        return file.read_bytes() == content
    except OSError:
        return False
