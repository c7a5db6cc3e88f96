"""The unit factory for units of this machine."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from forgather_units.domain.job import Job
from forgather_units.domain.machine import Machine
from forgather_units.domain.program import Program
from forgather_units.domain.viewer import ViewerKind
from forgather_units.systemd.names import UnitNames
from forgather_units.units.scripts import Content, Scripts
from forgather_units.units.service_unit import CurrentRules, Rules, UnitFactory, prepared_text
from forgather_units.units.unit_files import LocalUnitFiles
from forgather_units.units.unit_paths import UnitPaths


def local_factory(
    machine: Machine,
    names: UnitNames,
    program: Callable[[ViewerKind], Program],
    exits_dir: Path,
    rules: Rules,
    scripts: Iterable[Path] = (),
    prepared_text: Callable[[Job, str, str], str | None] = prepared_text,
) -> UnitFactory:
    """`exits_dir` is the folder of exit records; `scripts` are those of the kinds. See UnitFactory for the rest."""
    paths = UnitPaths(machine, names.prefix, exits_dir)
    installed = Scripts(paths.scripts_dir, Content.read(scripts))
    files = LocalUnitFiles(paths, installed)
    return UnitFactory(machine, names, program, paths, files, installed, CurrentRules(rules), prepared_text)
