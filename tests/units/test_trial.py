"""Programs with launchers of every kind run in a unit that sees only the paths it was given."""

from __future__ import annotations

import os
import subprocess
import sys
import venv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from forgather_units.doctor.program_trials import program_findings, unit_factory_of
from forgather_units.domain.finding import Verdict
from forgather_units.domain.machine import Machine
from forgather_units.host.this_machine import this_machine
from forgather_units.settings.settings import Settings
from forgather_units.units.probe import examined
from forgather_units.viewers.tensorboard.kind import TENSORBOARD

MACHINE = this_machine()
SCOPE = MACHINE.scope
Check = Callable[..., tuple[Verdict, str]]
"""From a command, what the doctor check of it as a TensorBoard."""


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    found = examined(MACHINE, tmp_path_factory.mktemp("probe"))
    if not found.capabilities.mount_sandbox:
        pytest.skip(f"this host isolates nothing: {found.capabilities.reason}")
    return found


@pytest.fixture
def check(tmp_path: Path, machine: Machine) -> Check:
    def ask(command: Path, **settings: Any) -> tuple[Verdict, str]:
        own = replace(Settings(), unit_prefix=f"fgtest{os.getpid()}", state_dir=tmp_path / "state")
        unit_factory = unit_factory_of(replace(own, tensorboard=str(command), **settings), machine)
        (found,) = program_findings(unit_factory, [TENSORBOARD])
        return found.verdict, found.detail

    return ask


def script(file: Path, *lines: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")
    file.chmod(0o755)
    return file


def package(folder: Path) -> None:
    """An empty package `tensorboard`."""
    (folder / "tensorboard").mkdir(parents=True)
    (folder / "tensorboard" / "__init__.py").touch()


def environment(folder: Path) -> Path:
    """A virtual environment below /tmp, which PrivateTmp= hides: a unit sees only the paths it was given."""
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    package(site)
    return folder


PROGRAM = ("import tensorboard", "print('2.99.0')")


def by_pip(folder: Path) -> Path:
    """The launcher that pip writes for an interpreter whose path does not fit in a shebang."""
    first = ("#!/bin/sh", f'\'\'\'exec\' "{folder}/bin/python" "$0" "$@"', "' '''")
    return script(folder / "bin" / "tensorboard", *first, *PROGRAM)


def by_uv(folder: Path) -> Path:
    """uv's relocatable launcher."""
    line = '\'\'\'exec\' "$(dirname -- "$(realpath -- "$0")")"/\'python\' "$0" "$@"'
    return script(folder / "bin" / "tensorboard", "#!/bin/sh", line, "' '''", *PROGRAM)


@pytest.mark.parametrize("launcher", [by_pip, by_uv])
@pytest.mark.parametrize("name", ["my envs/tb", "/".join(["a-path-of-many-letters"] * 12)])
def test_launchers_for_long_paths_and_spaces(
    tmp_path: Path, check: Check, launcher: Callable[[Path], Path], name: str
) -> None:
    command = launcher(environment(tmp_path / name))
    assert check(command) == (Verdict.OK, f"{command} runs")


def test_a_shebang_with_env(tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = environment(tmp_path / "tb")
    monkeypatch.setenv("PATH", f"{folder}/bin:/usr/bin:/bin")
    command = script(tmp_path / "elsewhere" / "tensorboard", "#!/usr/bin/env python3", *PROGRAM)
    assert check(command)[0] is Verdict.OK


def test_a_shebang_with_the_interpreter_s_path(tmp_path: Path, check: Check) -> None:
    folder = environment(tmp_path / "tb")
    assert check(script(folder / "bin" / "tensorboard", f"#!{folder}/bin/python", *PROGRAM))[0] is Verdict.OK


def test_a_shell_wrapper(tmp_path: Path, check: Check) -> None:
    command = by_pip(environment(tmp_path / "my envs" / "tb"))
    wrapper = script(tmp_path / "site" / "tb", "#!/bin/bash", f'exec "{command}" "$@"')
    assert check(wrapper)[0] is Verdict.OK


def test_a_wrapper_in_python(tmp_path: Path, check: Check) -> None:
    """As `conda run` is: its interpreter is not the viewer's."""
    command = by_pip(environment(tmp_path / "tb"))
    line = f"import os, sys; os.execv({str(command)!r}, [{str(command)!r}, *sys.argv[1:]])"
    runs = script(tmp_path / "tools" / "run", f"#!{os.path.realpath(sys.executable)}", line)
    wrapper = script(tmp_path / "site" / "tb", "#!/bin/sh", f'exec "{runs}" "$@"')
    assert check(wrapper, read_only_paths=(str(runs.parent),))[0] is Verdict.OK


def test_variables_that_module_load_sets(tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    package(tmp_path / "modules")
    (tmp_path / "libraries").mkdir()
    (tmp_path / "libraries" / "data").touch()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'libraries'}:")
    lines = ("import os", "open(os.environ['LD_LIBRARY_PATH'].split(':')[0] + '/data')", *PROGRAM)
    python = os.path.realpath(sys.executable)
    assert check(script(tmp_path / "bin" / "tensorboard", f"#!{python}", *lines))[0] is Verdict.OK


def test_a_variable_named_in_the_settings(tmp_path: Path, check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICENSE", "100% of $5")
    command = script(tmp_path / "bin" / "tensorboard", "#!/bin/sh", 'test "$LICENSE" = "100% of \\$5" || exit 3')
    assert check(command)[0] is Verdict.BAD
    assert check(command, environment=("LICENSE",))[0] is Verdict.OK


def test_the_reason_why_a_program_does_not_run(tmp_path: Path, check: Check) -> None:
    folder = environment(tmp_path / "tb")
    command = script(folder / "bin" / "tensorboard", f"#!{folder}/bin/python", "import absent")
    verdict, detail = check(command)
    assert verdict is Verdict.BAD and "No module named 'absent'" in detail
    command.write_text("#!/bin/sh\nexit 7\n")
    assert "status 7" in check(command)[1]


def test_the_stock_program_in_a_path_with_a_space(tmp_path: Path, check: Check) -> None:
    folder = tmp_path / "my envs" / "tb"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    real = [path for path in sys.path if path.endswith("-packages")]
    (site / "real.pth").write_text("\n".join(real) + "\n")
    first = ("#!/bin/sh", f'\'\'\'exec\' "{folder}/bin/python" "$0" "$@"', "' '''")
    lines = ("import sys", "from tensorboard.main import run_main", "sys.exit(run_main())")
    command = script(folder / "bin" / "tensorboard", *first, *lines)
    assert check(command)[0] is Verdict.OK


def test_a_trial_leaves_no_unit_and_no_file(tmp_path: Path, check: Check) -> None:
    check(script(tmp_path / "bin" / "tensorboard", "#!/bin/sh", "exit 1"))
    pattern = f"fgtest{os.getpid()}-trial-*"
    listing = ["systemctl", SCOPE.flag, "list-units", "--all", "--plain", "--no-legend", pattern]
    assert not subprocess.run(listing, capture_output=True, text=True, check=True).stdout
    assert not list(Path(MACHINE.runtime_dir).glob(f"fgtest{os.getpid()}-trial-*"))
