"""Whether a process still sees the folders that its paths name.

A bind mount refers to a folder, not to a path: a unit keeps the old folder if its logdir was recreated or renamed, or
if a link to it changed. So the device and inode of a path in the process's mount namespace are compared with those in
the server's.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

# As the kernel has it (MAXSYMLINKS).
_MOST_LINKS: Final = 40


@dataclass(frozen=True, slots=True)
class Comparison:
    """Missing paths, paths of which the process sees another file or folder, and the directory entries to watch for
    changes: pairs of a folder and the name of an entry in it. `unseen` are missing paths that the process does not see
    either."""

    missing: tuple[str, ...]
    unseen: tuple[str, ...]
    replaced: tuple[str, ...]
    places: tuple[tuple[str, str], ...]


def compare(pid: int, paths: Sequence[str]) -> Comparison:
    """`paths` are absolute. If the process cannot be inspected, nothing counts as replaced.

    Touches the file systems that the paths lead to: not for a thread that must not hang.
    """
    missing, unseen, replaced, places = list[str](), list[str](), list[str](), dict[tuple[str, str], None]()
    try:
        root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        root = -1
    try:
        for path in paths:
            places |= dict.fromkeys(places_of(path))
            try:
                ours = os.stat(path)  # noqa: PTH116 - any text
            except (FileNotFoundError, NotADirectoryError):
                missing.append(path)
                if root >= 0 and not _sees(root, path):
                    unseen.append(path)
                continue
            except OSError:
                continue
            if root >= 0 and _differs(root, path, (ours.st_dev, ours.st_ino)):
                replaced.append(path)
    finally:
        if root >= 0:
            os.close(root)
    return Comparison(tuple(missing), tuple(unseen), tuple(replaced), tuple(places))


def places_of(path: str) -> list[tuple[str, str]]:
    """The directory entries that an absolute path depends on, including those of links."""
    places = dict[tuple[str, str], None]()
    todo, here, links = _parts(path), "/", 0
    while todo:
        name = todo.pop(0)
        if name == "..":
            here = os.path.dirname(here)  # noqa: PTH120 - any text
            continue
        places[here, name] = None
        step = os.path.join(here, name)  # noqa: PTH118 - any text
        try:
            target = os.readlink(step)  # noqa: PTH115 - any text
        except OSError:
            # Not a link, or missing: then nothing exists below it.
            here = step
            continue
        links += 1
        if links > _MOST_LINKS:
            break
        todo = _parts(target) + todo
        here = "/" if target.startswith("/") else here
    return list(places)


def _sees(root: int, path: str) -> bool:
    """Whether there may be something at `path` for the process whose root folder is open as `root`."""
    try:
        _stat_below(root, path)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def _differs(root: int, path: str, ours: tuple[int, int]) -> bool:
    """Whether `path` is something else, or nothing, for the process whose root folder is open as `root`."""
    try:
        seen = _stat_below(root, path)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        # The process ended, or access is denied: no reason to restart it.
        return False
    return (seen.st_dev, seen.st_ino) != ours


def _stat_below(root: int, path: str) -> os.stat_result:
    """stat(2) as a process in that root would do it: the kernel resolves links from our root, not from its."""
    todo, links = _parts(path), 0
    # Descriptors of the folders on the way, so that `..` is found.
    way = [os.dup(root)]
    try:
        while todo:
            name = todo.pop(0)
            if name == "..":
                if len(way) > 1:
                    os.close(way.pop())
                continue
            about = os.stat(name, dir_fd=way[-1], follow_symlinks=False)
            if stat.S_ISLNK(about.st_mode):
                links += 1
                target = os.readlink(name, dir_fd=way[-1])
                if links > _MOST_LINKS:
                    raise FileNotFoundError(path)
                todo = _parts(target) + todo
                if target.startswith("/"):
                    _close(way[1:])
                    del way[1:]
            elif todo:
                way.append(os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=way[-1]))
            else:
                return about
        return os.fstat(way[-1])
    finally:
        _close(way)


def _parts(path: str) -> list[str]:
    return [part for part in path.split("/") if part and part != "."]


def _close(descriptors: Iterable[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
