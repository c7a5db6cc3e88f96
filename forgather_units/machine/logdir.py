"""A log directory, looked at before a TensorBoard is started on it: stock TensorBoard shows a typo as an empty page."""

from __future__ import annotations

import os
import shlex
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.machine.account import account_name

EVENT_FILE_MARK: Final = "tfevents"

# A submit must not hang on a giant or a slow (network) tree: beyond these it is taken as it is.
_MOST_ENTRIES: Final = 20_000
_MOST_SECONDS: Final = 2.0
_MOST_LINKS: Final = 1000


@dataclass(frozen=True, slots=True)
class LogdirFacts:
    """What lies below a logdir. Of a giant tree only a part was looked at, and `whole` is False."""

    event_files: int
    newest: float | None
    """Modification time of the newest event file, seconds since the epoch."""
    whole: bool
    links_out: tuple[str, ...] = ()
    """Where links in it lead to outside of it: folders that a viewer confined to the logdir would not see."""
    runs: int = 0
    """Folders with event files."""
    size: int = 0
    """Bytes in event files."""


def inspect_logdir(path: str) -> LogdirFacts:
    """Raises Refused (field `logdir`) for what TensorBoard could not show; `path` is absolute by now."""
    check_logdir(path)
    count, newest, whole = 0, None, True
    runs, size = set[str](), 0
    inside, links = Path(path).resolve(), dict[str, None]()
    deadline = time.monotonic() + _MOST_SECONDS
    for number, entry in enumerate(_entries(path)):
        if number >= _MOST_ENTRIES or time.monotonic() > deadline:
            whole = False
            break
        if entry.is_symlink() and len(links) < _MOST_LINKS and (target := _target_outside(entry, inside)):
            links[target] = None
        if EVENT_FILE_MARK in entry.name and _is(entry.is_file):
            count += 1
            modified, bytes_in_it = _facts_of(entry)
            newest, size = max(newest or 0.0, modified), size + bytes_in_it
            runs.add(entry.path.rpartition("/")[0])
    return LogdirFacts(count, newest, whole, tuple(links), len(runs), size)


def check_logdir(path: str) -> None:
    """Raises Refused unless `path` is an absolute path of a folder that this user may read and enter."""
    if not path:
        raise _refused("logdir is empty: name a folder")
    if "\0" in path:
        raise _refused("logdir cannot hold a NUL character")
    folder = Path(path)
    if not folder.is_absolute():
        raise _refused(f"logdir {path!r} is not an absolute path")
    try:
        folder.stat()
    except FileNotFoundError:
        raise _refused(f"logdir {path} does not exist") from None
    except PermissionError:
        raise _refused(
            f"logdir {path} cannot be read: {_closed_above(folder)} is closed to {account_name()}", hint=_grant(folder)
        ) from None
    except OSError as why:
        raise _refused(f"logdir {path} cannot be used: {why.strerror}") from None
    except UnicodeEncodeError:
        # JSON can spell half a surrogate pair, which no file name holds.
        raise _refused(f"logdir {path!a} cannot be used: it is no file name") from None
    if not folder.is_dir():
        raise _refused(f"logdir {path} is a file: name the folder that holds it")
    # The unit runs as the same user as this process.
    if not os.access(folder, os.R_OK | os.X_OK):
        raise _refused(f"logdir {path} cannot be read by {account_name()}", hint=_grant(folder))


def _target_outside(entry: os.DirEntry[str], inside: Path) -> str | None:
    try:
        target = Path(entry.path).resolve(strict=True)
    except (OSError, RuntimeError):  # RuntimeError: a link to itself, before Python 3.13
        return None
    # A link to the root of everything is nobody's run.
    return str(target) if target != Path("/") and not target.is_relative_to(inside) else None


def _refused(sentence: str, hint: str = "") -> Refused:
    return Refused(sentence, field="logdir", hint=hint)


def _grant(folder: Path) -> str:
    """How its owner, or an admin, lets the server's account in: to the folder, and to the way to it."""
    user, closed = account_name(), _closed_above(folder)
    way = f"setfacl -m u:{user}:x {shlex.quote(str(closed))} && " if closed is not None else ""
    name = shlex.quote(str(folder))
    group = f"or by its group: chgrp -R {user} {name} && chmod -R g+rX {name}"
    return f"grant it: {way}setfacl -R -m u:{user}:rX,d:u:{user}:rX {name}; {group}"


def _closed_above(folder: Path) -> Path | None:
    """The first folder on the way from the root that may not be passed."""
    return next((each for each in reversed(folder.parents) if not os.access(each, os.X_OK)), None)


def _facts_of(entry: os.DirEntry[str]) -> tuple[float, int]:
    """Its modification time and its size."""
    try:
        facts = entry.stat()
    except OSError:
        return 0.0, 0
    return facts.st_mtime, facts.st_size


def _entries(path: str) -> Iterator[os.DirEntry[str]]:
    """All entries below, breadth first: runs lie near the top. Links to folders are followed there alone: no loops."""
    level = [path]
    while level:
        below: list[str] = []
        for folder in level:
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if _is(entry.is_dir, follow_symlinks=folder == path):
                            below.append(entry.path)
                        yield entry
            except OSError:
                continue
        level = below


def _is(kind: Callable[..., bool], *, follow_symlinks: bool = True) -> bool:
    """Whether an entry is of a kind; one that cannot be looked at (a link to itself, say) is of none."""
    try:
        return kind(follow_symlinks=follow_symlinks)
    except OSError:
        return False
