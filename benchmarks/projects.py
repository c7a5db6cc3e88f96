"""Listing 200 configs: cold, warm, and warm from the disk, each against a plain walk of the same folders.

python -m benchmarks.projects [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from forgather_units.projects.catalog import Catalog

PROJECTS: Final = 20
CONFIGS: Final = 10
LAYERS: Final = 12

_META: Final = """\
name: "Project {number}"
default_config: "config_0.yaml"
searchdir:
    - "{{{{ joinpath(project_dir, 'templates') }}}}"
    - "{{{{ joinpath(workspace_root, 'library') }}}}"
"""
_BASE: Final = """\
-- set ns = namespace()
-- block names
    -- set ns.config_name = "base"
    -- set ns.model_name = "model"
-- endblock names

== "# {:-^40}".format(ns.config_name)
-- block body
-- endblock body

meta: !dict:@meta
    config_name: "{{ ns.config_name }}"
    config_class: "type.training_script"
    models_dir: "{{ joinpath(project_dir, 'output_models') }}"
    output_dir: "{{ joinpath(project_dir, 'output_models', ns.model_name) }}"
"""
_LAYER: Final = """\
## Layer {number}: what a real chain of templates is like.
-- extends '{below}'

[names]
    == super()
    -- set ns.layer_{number} = joinpath(project_dir, "layer_{number}")

[body]
    == super()
layer_{number}: &layer_{number} !partial:some.module:Layer{number}
{lines}
"""
_CONFIG: Final = """\
-- extends 'layer_{top}.yaml'

[names]
    == super()
    -- set ns.config_name = "Config {number}"
    -- set ns.model_name = "model_{number}"
    -- include 'config.more'

#--------------- config.more ---------------
-- set ns.more = {number}
"""


def write_projects(root: Path) -> None:
    """20 projects of 10 configs each; each config extends 12 layers of templates, most of them shared."""
    (root / "forgather_workspace").mkdir()
    library = root / "library"
    library.mkdir()
    (library / "base.yaml").write_text(_BASE)
    lines = "\n".join(f'    key_{key}: "{{{{ ns.model_name }}}} {key}" ## a note' for key in range(20))
    for number in range(LAYERS):
        below = f"layer_{number - 1}.yaml" if number else "base.yaml"
        (library / f"layer_{number}.yaml").write_text(_LAYER.format(number=number, below=below, lines=lines))
    for project in range(PROJECTS):
        configs = root / f"project_{project:02}" / "templates" / "configs"
        configs.mkdir(parents=True)
        (configs.parents[1] / "meta.yaml").write_text(_META.format(number=project))
        for number in range(CONFIGS):
            (configs / f"config_{number}.yaml").write_text(_CONFIG.format(top=LAYERS - 1, number=number))
    before = time.time() - 60
    for path in root.rglob("*"):
        # Files written just now are not cached.
        os.utime(path, (before, before))


def measure(rounds: int) -> dict[str, list[float]]:
    """Seconds of each round, by operation."""
    with tempfile.TemporaryDirectory(prefix="forgather-bench-") as folder:
        root, cache = Path(folder, "workspace"), Path(folder, "cache")
        root.mkdir()
        write_projects(root)
        catalog = Catalog(cache)

        def listed(of: Catalog) -> None:
            found = [config for project in of.projects([str(root)]) for config in project.configs]
            if len(found) != PROJECTS * CONFIGS or any(config.error for config in found):
                raise SystemExit(f"{len(found)} configs, {[config.error for config in found if config.error][:1]}")

        def walked() -> None:
            for path, _, files in os.walk(root):
                for name in files:
                    Path(path, name).stat()

        listed(catalog)
        ways: dict[str, Callable[[], None]] = {
            "a plain walk, a stat for each file": walked,
            "cold": lambda: listed(Catalog()),
            "warm": lambda: listed(catalog),
            "warm, in a new process's place (from the disk)": lambda: listed(Catalog(cache)),
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(rounds):
            for name, way in ways.items():
                started = time.perf_counter()
                way()
                times[name].append(time.perf_counter() - started)
    return times


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="how often; the median counts (5)")
    times = {name: statistics.median(each) for name, each in measure(parser.parse_args().rounds).items()}
    peer = next(iter(times.values()))
    print(f"{PROJECTS} projects, {PROJECTS * CONFIGS} configs, {LAYERS + 2} templates each; {os.cpu_count()} CPUs")
    for name, seconds in times.items():
        print(f"{name:<50} {seconds * 1000:9.1f} ms  {seconds / peer:8.1f} x the walk")


if __name__ == "__main__":
    main()
