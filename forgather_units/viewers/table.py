"""All kinds of viewer that this server runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from forgather_units.viewers.contract.kind import Kind
from forgather_units.viewers.mkdocs.kind import MKDOCS
from forgather_units.viewers.tensorboard.kind import TENSORBOARD

KINDS: Final[Mapping[str, Kind]] = {kind.name: kind for kind in (TENSORBOARD, MKDOCS)}
"""By name, in the order in which lists show them."""

SCRIPTS: Final[tuple[Path, ...]] = tuple(script for kind in KINDS.values() for script in kind.scripts)
"""The files that their programs load."""
