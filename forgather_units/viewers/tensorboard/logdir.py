"""Checks a log directory before a TensorBoard starts on it: stock TensorBoard shows an empty page for a typo."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import Refused
from forgather_units.domain.local_path import check_local
from forgather_units.files import mount_walk
from forgather_units.folders.access import check_readable
from forgather_units.folders.expected import Around
from forgather_units.host.account import account_name
from forgather_units.viewers.tensorboard.linked_runs import EVENT_FILE_MARK, Budget, follow_links, printable

# Limits of a search; results are partial beyond them. Both searches together take less than two seconds.
_MOST_ENTRIES: Final = 20_000
MOST_SECONDS: Final = 1.0
_MOST_LINKS: Final = 1000
MOST_SECONDS_OF_LINKS: Final = 0.7
# Number of paths that a response names; it counts the others.
_NAMED: Final = 20
_MOST_LINK_FOLDERS: Final = 64
_NOWHERE: Final = Around()


@dataclass(frozen=True, slots=True)
class LogdirFacts:
    """Facts about the content of a logdir; only numbers and text, so that it can be pickled or written as JSON.

    `whole` is False where the look stopped at its limits (entries, seconds): the other figures are lower bounds then.
    """

    event_files: int
    newest: float | None
    """Modification time of the newest event file, seconds since the epoch."""
    whole: bool
    runs: int = 0
    """Folders with event files."""
    size: int = 0
    """Bytes in event files."""
    binds: tuple[str, ...] = ()
    """Real paths outside of the logdir that links in it lead to: runs, folders of runs and event files."""
    links_followed: int = 0
    """Links that lead to `binds`."""
    links_skipped: int = 0
    """Links out of the logdir that are not followed."""
    skipped: tuple[str, ...] = ()
    """Some of those, each with the reason: `latest leads to /proc, which is no place for runs`."""
    link_folders: tuple[str, ...] = ()
    """Folders below the logdir that contain links; only some, if there are many."""
    unreadable: int = 0
    """Folders and event files below the logdir that this account may not read."""
    closed: tuple[str, ...] = ()
    """Some of those."""
    is_missing: bool = False
    """It does not exist yet."""

    def __add__(self, other: LogdirFacts) -> LogdirFacts:
        """Both trees together: the runs, not the links."""
        return replace(
            self,
            event_files=self.event_files + other.event_files,
            newest=max((each for each in (self.newest, other.newest) if each is not None), default=None),
            whole=self.whole and other.whole,
            runs=self.runs + other.runs,
            size=self.size + other.size,
            unreadable=self.unreadable + other.unreadable,
            closed=(*self.closed, *other.closed)[:_NAMED],
        )


def inspect_logdir(path: str, around: Around = _NOWHERE) -> LogdirFacts:
    """Raises Refused (field `logdir`) for what TensorBoard could not show; `path` must be absolute.

    It may be missing where `around` expects it.
    """
    try:
        check_logdir(path)
    except _Missing:
        if around.expects(path):
            return LogdirFacts(0, None, True, is_missing=True)
        raise
    budget = Budget(_MOST_ENTRIES, MOST_SECONDS)
    facts, found = _scan(path, budget)
    links = follow_links(Path(path).resolve(), found, Budget(_MOST_ENTRIES, MOST_SECONDS_OF_LINKS))
    for bind in links.binds:
        facts += _scan(bind, budget)[0] if os.path.isdir(bind) else _file_facts(bind)  # noqa: PTH112 - any text
    return replace(
        facts,
        whole=facts.whole and links.whole,
        binds=links.binds,
        link_folders=tuple(dict.fromkeys(link.rpartition("/")[0] for link in found))[:_MOST_LINK_FOLDERS],
        links_followed=links.followed,
        links_skipped=len(links.skipped),
        skipped=tuple(f"{printable(os.path.relpath(link, path))} {why}" for link, why in links.skipped[:_NAMED]),
    )


def logdir_warnings(path: str, facts: LogdirFacts, *, confined: bool = True) -> tuple[str, ...]:
    """Warnings for the user before a TensorBoard starts on it, in sentences.

    A TensorBoard that is not `confined` (in the foreground) follows every link itself.
    """
    name = printable(path)
    if facts.is_missing:
        return (f"{name} does not exist yet: TensorBoard will be empty until a training creates it",)
    warnings = list[str]()
    known = facts.whole and (confined or not facts.links_skipped)
    if not facts.event_files and known:
        warnings.append(f"{name} has no event files yet: TensorBoard will be empty until a run writes some")
    elif not facts.event_files and not facts.whole:
        warnings.append(
            f"{name} has too many entries (or is too slow) to be searched completely: no event files found so far"
        )
    if facts.unreadable:
        what = f"{facts.unreadable} {'folder or file' if facts.unreadable == 1 else 'folders or files'}"
        warnings.append(
            f"{what} below {name} cannot be read by {account_name()} and will not be shown: "
            f"{_some(facts.closed, facts.unreadable)}"
        )
    if facts.links_skipped and confined:
        what = f"{facts.links_skipped} {'link' if facts.links_skipped == 1 else 'links'}"
        warnings.append(f"{what} out of {name} will not be followed: {_some(facts.skipped, facts.links_skipped, '; ')}")
    return tuple(warnings)


def links_note(path: str, facts: LogdirFacts) -> str:
    """A notice of the folders outside of it that TensorBoard sees because of links; empty if there are none."""
    if not facts.links_followed:
        return ""
    links = "1 link leads" if facts.links_followed == 1 else f"{facts.links_followed} links lead"
    binds = _some([*map(printable, facts.binds)], len(facts.binds))
    return f"{links} out of {printable(path)}: visible too are {binds}"


def _some(named: Sequence[str], number: int, between: str = ", ") -> str:
    few = named[:3]
    return between.join([*few, f"and {number - len(few)} more"] if number > len(few) else few)


def check_logdir(path: str) -> None:
    """Raises Refused unless `path` is an absolute path of a folder that this user may read and enter."""
    if not path:
        raise _refused("logdir is empty: name a folder")
    if "\0" in path:
        raise _refused("logdir cannot hold a NUL character")
    folder = Path(path)
    if not folder.is_absolute():
        check_local(path, "logdir")
        raise _refused(f"logdir {path!r} is not an absolute path")
    try:
        folder.stat()
    except FileNotFoundError:
        raise _Missing(f"logdir {path} does not exist", field="logdir") from None
    except PermissionError:
        check_readable(folder, "logdir", "logdir")
        raise _refused(f"logdir {path} cannot be read by {account_name()}") from None
    except OSError as why:
        raise _refused(f"logdir {path} cannot be used: {why.strerror}") from None
    except UnicodeEncodeError:
        # JSON can spell half a surrogate pair, which no file name holds.
        raise _refused(f"logdir {path!a} cannot be used: it is no file name") from None
    if not folder.is_dir():
        raise _refused(f"logdir {path} is a file: name the folder that holds it")
    check_readable(folder, "logdir", "logdir")


class _Missing(Refused):
    """It does not exist."""


def _refused(sentence: str) -> Refused:
    return Refused(sentence, field="logdir")


def _scan(top: str, budget: Budget) -> tuple[LogdirFacts, list[str]]:
    """The event files in or below `top` (or `top` itself), and the links that were met, at most _MOST_LINKS."""
    links, closed = list[str](), list[str]()
    count, newest, size, runs = 0, 0.0, 0, set[str]()
    for entry in _entries(top, closed, budget):
        if entry.is_symlink():
            links.append(entry.path)
            continue
        if EVENT_FILE_MARK not in entry.name or not entry.is_file():
            continue
        try:
            about = entry.stat()
        except OSError:
            closed.append(entry.path)
            continue
        count, newest, size = count + 1, max(newest, about.st_mtime), size + about.st_size
        runs.add(entry.path.rpartition("/")[0])
        # The unit runs as the same user as this process.
        if not about.st_mode & stat.S_IROTH and not os.access(entry.path, os.R_OK):
            closed.append(entry.path)
    whole = not budget.exhausted and len(links) <= _MOST_LINKS
    named = tuple(printable(os.path.relpath(path, top)) for path in closed[:_NAMED])
    facts = LogdirFacts(count, newest if count else None, whole, len(runs), size, unreadable=len(closed), closed=named)
    return facts, links[:_MOST_LINKS]


def _file_facts(path: str) -> LogdirFacts:
    try:
        about = os.stat(path)  # noqa: PTH116 - any text
    except OSError:
        return LogdirFacts(0, None, True)
    return LogdirFacts(1, about.st_mtime, True, 1, about.st_size)


def _entries(top: str, closed: list[str], budget: Budget) -> Iterator[os.DirEntry[str]]:
    """All entries below, breadth first: runs lie near the top. Links to folders are not followed.

    Folders that cannot be read go into `closed`.
    """
    level = [top]
    while level:
        below: list[str] = []
        for folder in level:
            try:
                mount_walk.cross(folder)
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if not budget.spend():
                            return
                        if entry.is_dir(follow_symlinks=False):
                            below.append(entry.path)
                        yield entry
            except FileNotFoundError:
                continue  # gone in the meantime
            except OSError:
                closed.append(folder)
        level = below
