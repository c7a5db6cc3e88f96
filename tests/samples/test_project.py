"""The sample project, whose configs have the sample runs in their output folders."""

from __future__ import annotations

from pathlib import Path

from forgather_units.projects.catalog import Catalog
from forgather_units.samples.collection import SAMPLES, write_samples
from forgather_units.samples.project import write_project


def test_each_config_has_the_runs_of_its_model(tmp_path: Path) -> None:
    output = write_samples(write_project(tmp_path))
    # Writing it again changes nothing.
    [project] = Catalog().projects([str(write_project(tmp_path))])
    assert (project.name, project.default_config, project.error) == ("Sample runs", "tiny.yaml", None)
    assert {config.output_dir for config in project.configs} == {str(output / sample.model) for sample in SAMPLES}
    assert [config.error for config in project.configs] == [None, None]
    wide = {config.name: config for config in project.configs}["tiny_wide.yaml"]
    assert wide.output_dir and any(Path(wide.output_dir, "runs").iterdir())


def test_blocks_end_in_the_syntax_of_every_version_of_forgather(tmp_path: Path) -> None:
    """Released versions treat `[/name]` as text: the following lines would belong to the block, and be lost."""
    files = list(write_project(tmp_path).rglob("*.yaml"))
    assert files
    assert [file for file in files if "[/" in file.read_text()] == []
