"""Which settings file counts: `units.yaml`. Forgather's own settings are in `config.yaml`, in the same folder.

Earlier versions of this program had theirs in `config.yaml` too: such a file is renamed once.
"""

from __future__ import annotations

import fcntl
import logging
import os
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Final

from forgather_units.domain.errors import BadSettings
from forgather_units.files.regular_file import read_text
from forgather_units.settings.contents import MOST_BYTES
from forgather_units.settings.paths import SYSTEM_CONFIG, own_config

FORMER: Final = "config.yaml"

log = logging.getLogger(__name__)


def config_file(names: Collection[str], environ: Mapping[str, str] = os.environ) -> Path:
    """The user's settings file; the system's where the user has none. `names` are those of the settings.

    Renames a file of an earlier version. A process says at most once what it did, or why it could not.
    """
    own = own_config(environ)
    for file in (own, SYSTEM_CONFIG):
        if file.exists():
            return file
        if (former := _former(file, names)) is not None:
            return former
        if file.exists():  # another process has just renamed it
            return file
    return own


def check_named(file: Path) -> None:
    """Raises BadSettings if there is no `file`, which somebody named."""
    if not file.exists():
        now = file.with_name(SYSTEM_CONFIG.name)
        hint = f"it may be {now} now" if file.name == FORMER and now.exists() else ""
        raise BadSettings(f"{file}: no such settings file", hint=hint)


def _former(file: Path, names: Collection[str]) -> Path | None:
    """Where the settings of an earlier version are now; None if there are none."""
    former = file.with_name(FORMER)
    if not _is_ours(former, names):
        return None
    try:
        with _locked(file.parent):
            # Another process may have renamed it, and Forgather may have written its own since.
            if os.path.lexists(file):
                return file
            if not _is_ours(former, names):
                return None
            former.rename(file)
    except OSError as why:
        say(f"{former} has the settings of Forgather Units, and cannot be renamed to {file.name} ({why.strerror}): "
             "it is read where it is")  # fmt: skip
        return former
    say(f"{former} is {file} now: Forgather's own settings have the old name")
    return file


def _is_ours(file: Path, names: Collection[str]) -> bool:
    """Whether every top-level key of the file is a setting, and there is one."""
    try:
        text = read_text(file, MOST_BYTES)
    except (OSError, UnicodeDecodeError):
        return False
    # PyYAML takes a tenth of a second to import, which each command of a user of Forgather would pay.
    if not re.search(rf"(?<![\w-])(?:{'|'.join(names)})[\"']?\s*:", text):
        return False
    import yaml

    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError):
        return False
    keys = {str(key.value) for key, _ in root.value} if isinstance(root, yaml.MappingNode) else set()
    others = keys - set(names)
    if others and others != keys:
        say(f"{file} is not read, because it has other settings too ({', '.join(sorted(others))}): move those of "
             "Forgather Units to units.yaml")  # fmt: skip
    return bool(keys) and not others


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """One process at a time, where the file system can lock a folder (NFS cannot)."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@cache
def say(sentence: str) -> None:
    """Once in a process, which may look for its settings several times."""
    log.warning("%s", sentence)
