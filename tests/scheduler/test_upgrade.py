"""Units of another version of the server keep working with the files that they name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from real_scheduler import RealScheduler, real_scheduler
from waiting import wait_until

import forgather_units
from forgather_units.domain.job import Job, Submission
from forgather_units.domain.queue_id import new_queue_id
from forgather_units.domain.viewer import Options
from forgather_units.host import addresses
from forgather_units.host.this_machine import this_machine
from forgather_units.systemd.bus import ManagerBus
from forgather_units.units.control import Viewers
from forgather_units.units.service_unit import CARRIED
from forgather_units.viewers.mkdocs.options import MkDocsOptions
from forgather_units.viewers.table import KINDS
from forgather_units.viewers.tensorboard.options import TensorBoardOptions


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[RealScheduler]:
    with real_scheduler(tmp_path, KINDS) as made:
        yield made


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_names_no_file_of_the_package(scheduler: RealScheduler, tmp_path: Path, kind: str) -> None:
    """An upgrade replaces or moves the package's files while the unit sleeps."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "mkdocs.yml").write_text("site_name: Site\n")
    options: Options = TensorBoardOptions(logdir=str(tmp_path), port=6006)
    if kind == "mkdocs":
        options = MkDocsOptions(config_file=str(tmp_path / "mkdocs.yml"), port=6006)
    job = Job(new_queue_id(0.0), Submission(str(tmp_path), f"{kind}:6006", KINDS[kind], options), 0.0)
    scheduler.unit_factory.prepare(job)
    prepared = scheduler.unit_factory.paths.prepared_file(job.queue_id)
    assert str(Path(forgather_units.__file__).parent) not in (prepared.read_text() if prepared.exists() else "")
    planned = scheduler.unit_factory.plan(job, 6006, [("127.0.0.1", 6006)])
    named = repr(planned.units)
    for path in Path(forgather_units.__file__).parent.glob("*/"):
        assert f"{path}/" not in named
    assert scheduler.unit_factory.scripts.version in named
    assert (
        scheduler.unit_factory.scripts.behind_socket.is_file() and scheduler.unit_factory.scripts.exit_record.is_file()
    )


def test_the_scripts_of_another_version_stay_while_a_unit_names_them(scheduler: RealScheduler) -> None:
    unit_factory = scheduler.unit_factory
    bus = ManagerBus(this_machine())
    viewers = Viewers(bus, unit_factory, addresses.listening_addresses, KINDS)
    unit_factory.scripts.install()
    for version in ("named", "forgotten"):
        (unit_factory.scripts.folder / version).mkdir()
    unit = f"{unit_factory.names.prefix}-tensorboard-{new_queue_id(0.0)}.service"
    environment = f"{CARRIED}={json.dumps({'scripts': 'named'})}".encode()
    start = [(b"/bin/sleep", [b"/bin/sleep", b"60"], False)]
    bus.start_transient(unit, {unit: {"Type": "exec", "ExecStart": start, "Environment": [environment]}})
    try:
        viewers.remove_unused_scripts()
        assert {each.name for each in unit_factory.scripts.folder.iterdir()} == {"named", unit_factory.scripts.version}
    finally:
        bus.stop(unit)
        wait_until(lambda: not bus.is_loaded(unit))
    viewers.remove_unused_scripts()
    assert [each.name for each in unit_factory.scripts.folder.iterdir()] == [unit_factory.scripts.version]
    bus.close()
