"""Folders that no viewer may show: the server's files, and folders of sockets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.host.session import runtime_folder

_RUN: Final = "/run"
_OF_A_SERVER: Final = ("forgather.db", "auth_token")


def holds_server_files(folder: str) -> bool:
    """Whether a server, this one or another, has its database or its token in `folder` (or is that file)."""
    if os.path.basename(folder).startswith(_OF_A_SERVER):  # noqa: PTH119 - any text
        return True
    return any(os.path.lexists(os.path.join(folder, name)) for name in _OF_A_SERVER)  # noqa: PTH118


@dataclass(frozen=True, slots=True)
class Reserved:
    """Paths that are hidden in a unit. Binding a viewer's folder there, or a folder above, would show them again."""

    state: str
    """The server's state folder. Others' folders may lie in it: it may be the home of the server's account."""
    own: tuple[str, ...]
    """Folders and files of the server, in the state folder or elsewhere."""

    def why_not(self, path: str) -> str:
        """The reason why a viewer may not show `path` (absolute), as the end of a sentence; empty if it may.

        Follows symbolic links, and so touches the file system that `path` lies in.
        """
        real = os.path.realpath(path)
        if real == os.path.realpath(self.state) or any(_is_in(real, os.path.realpath(each)) for each in self.own):
            return "belongs to the Forgather server itself"
        if _is_in(real, _RUN) and not _is_other_file_system(real):
            return "is where this machine's services have their sockets"
        # Units hide these paths as written and with links resolved. By another path to them they would be visible.
        for each in (self.state, *self.own, _RUN):
            spelled = os.path.normpath(each), os.path.realpath(each)
            if _is_in(spelled[1], real) and not any(_is_in(one, os.path.normpath(path)) for one in spelled):
                return f"leads to {real}, in which {spelled[1]} lies"
        return ""


def _is_in(path: str, folder: str) -> bool:
    return Path(path).is_relative_to(folder)


def _is_other_file_system(path: str) -> bool:
    """Whether it is a disk mounted below /run, as desktops mount USB sticks."""
    return _device(path) not in (None, *map(_device, _own_file_systems()))


def _own_file_systems() -> Sequence[str]:
    return _RUN, str(runtime_folder())


def _device(path: str) -> int | None:
    try:
        return Path(path).stat().st_dev
    except OSError:
        return None
