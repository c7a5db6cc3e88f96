"""The sample project, whose configs write where the sample runs are."""

from __future__ import annotations

from pathlib import Path

from forgather_units.projects.catalog import Catalog
from forgather_units.samples.collection import SAMPLES, write_samples
from forgather_units.samples.project import write_project


def test_each_config_has_the_runs_of_its_model(tmp_path: Path) -> None:
    output = write_samples(write_project(tmp_path))
    # Written again, it stays as it is.
    [project] = Catalog().projects([str(write_project(tmp_path))])
    assert (project.name, project.default_config, project.error) == ("Sample runs", "tiny.yaml", None)
    assert {config.output_dir for config in project.configs} == {str(output / sample.model) for sample in SAMPLES}
    assert [config.error for config in project.configs] == [None, None]
    wide = {config.name: config for config in project.configs}["tiny_wide.yaml"]
    assert wide.output_dir and any(Path(wide.output_dir, "runs").iterdir())
