"""The folders of a Python program, for launchers of every kind."""

from __future__ import annotations

import sys
import venv
from pathlib import Path

import pytest

from forgather_units.host.environment import passed_variables
from forgather_units.viewers.contract import python_program
from forgather_units.viewers.contract.python_program import ask_python, folders_of
from forgather_units.viewers.tensorboard.program import tensorboard_facts

VERSION = "answer = list(sys.version_info[:2])"
EXPECTED = list(sys.version_info[:2])


def script(file: Path, *lines: str) -> str:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n")
    file.chmod(0o755)
    return str(file)


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A virtual environment in a folder with a space, with a package `tensorboard` in it."""
    folder = tmp_path / "my envs" / "tb"
    venv.create(folder, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    about = site / "tensorboard-2.99.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: tensorboard\nVersion: 2.99.0\n")
    return folder


def launcher(environment: Path) -> str:
    """The launcher that pip writes if the interpreter's path does not fit in a shebang; uv's is similar."""
    return script(
        environment / "bin" / "tensorboard",
        "#!/bin/sh",
        f'\'\'\'exec\' "{environment}/bin/python" "$0" "$@"',
        "' '''",
        "raise SystemExit('the program itself was started')",
    )


def test_a_launcher_for_a_path_with_a_space(environment: Path) -> None:
    command = launcher(environment)
    assert str(environment) in folders_of(command)
    assert tensorboard_facts(command).version == "2.99.0"


def test_a_shell_wrapper(environment: Path, tmp_path: Path) -> None:
    launcher(environment)
    wrapper = script(tmp_path / "site" / "tb", "#!/bin/bash", f'exec "{environment}/bin/tensorboard" "$@"')
    found = folders_of(wrapper)
    assert {str(tmp_path / "site"), str(environment)} <= set(found)
    assert tensorboard_facts(wrapper).version == "2.99.0"


def test_variables_that_module_load_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder in ("modules", "libraries"):
        (tmp_path / folder).mkdir()
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "modules"))
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path / 'libraries'}:/nowhere")
    wrapper = script(tmp_path / "site" / "tb", "#!/bin/sh", f'exec "{sys.executable}" -m nothing "$@"')
    assert {str(tmp_path / "modules"), str(tmp_path / "libraries")} <= set(folders_of(wrapper))


def test_the_interpreter_of_a_script_runs_without_the_script(tmp_path: Path) -> None:
    for first in (f"#!{sys.executable}", "#!/usr/bin/env python3"):
        command = script(tmp_path / "bin" / "tool", first, f"open({str(tmp_path / 'ran')!r}, 'w')")
        assert isinstance(ask_python(command, VERSION), list)
    assert ask_python(script(tmp_path / "bin" / "tool", f"#!{sys.executable}"), VERSION) == EXPECTED
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("lines", [["#!/bin/sh", "exit 3"], ["#!/not/there"], [""], ["#!/bin/sh", "echo [1]"]])
def test_a_program_that_is_not_python(tmp_path: Path, lines: list[str]) -> None:
    command = script(tmp_path / "bin" / "tool", *lines)
    assert ask_python(command, VERSION) is None
    assert folders_of(command) == (str(tmp_path / "bin"),)
    assert tensorboard_facts(command).version == ""


def test_a_program_that_hangs_is_run_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_program, "LAUNCHER_LIMIT", 0.2)
    count = tmp_path / "count"
    command = script(tmp_path / "bin" / "tool", "#!/bin/sh", f"echo x >>{count}", "exec sleep 60")
    assert ask_python(command, VERSION) is None
    assert folders_of(command) == (str(tmp_path / "bin"),)
    assert count.read_text() == "x\n"
    # A changed file is another program. The limit is high, for a busy machine.
    monkeypatch.setattr(python_program, "LAUNCHER_LIMIT", 60.0)
    script(tmp_path / "bin" / "tool", "#!/bin/sh", f'exec "{sys.executable}"')
    assert ask_python(command, VERSION) == EXPECTED


def test_a_program_that_uses_the_cpu_gets_more_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a launcher needs longer than the limit, and does not hang."""
    monkeypatch.setattr(python_program, "LAUNCHER_LIMIT", 0.01)
    monkeypatch.setattr(python_program, "BUSY", 120.0)
    loop = "n=0; while [ $n -lt 300000 ]; do n=$((n + 1)); done"
    command = script(tmp_path / "bin" / "tool", "#!/bin/sh", loop, f'exec "{sys.executable}"')
    assert ask_python(command, VERSION) == EXPECTED


def test_the_interpreter_with_the_package_is_used(tmp_path: Path, environment: Path) -> None:
    """As behind `conda run`, whose own interpreter comes first."""
    (site,) = environment.glob("lib/python*/site-packages")
    (site / "own_package").mkdir()
    command = launcher(environment)
    wrapper = script(tmp_path / "tb", "#!/bin/sh", f'"{sys.executable}" -c pass', f'exec "{command}" "$@"')
    assert ask_python(wrapper, "answer = sys.prefix", "own_package") == str(environment)


def test_the_home_is_never_bound_for_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    command = script(home / "tool", f"#!{sys.executable}")
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("PYTHONPATH", f"{home}:{tmp_path}:/::relative")
    found = folders_of(command)
    assert command in found
    assert not {"/", str(home), str(tmp_path), str(Path.cwd())} & set(found)


def test_links_and_dots_in_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "real" / "lib").mkdir(parents=True)
    (tmp_path / "real" / "bin").mkdir()
    (tmp_path / "link").symlink_to("real")
    monkeypatch.setenv("LD_LIBRARY_PATH", f"{tmp_path}/link/lib:{tmp_path}/real/bin/../bin")
    found = folders_of(script(tmp_path / "site" / "tool", f"#!{sys.executable}"))
    assert {str(tmp_path / "link/lib"), str(tmp_path / "real/lib"), str(tmp_path / "real/bin")} <= set(found)


def test_the_variables_of_a_viewer() -> None:
    environ = {
        "PATH": "/opt/bin",
        "LD_LIBRARY_PATH": "/opt/lib",
        "SECRET": "x",
        "WANTED": "1",
        "LANG": "\udcff",
        "TZ": "\x1b[0m",
    }
    assert passed_variables(["WANTED", "ABSENT"], environ) == {
        "PATH": "/opt/bin",
        "LD_LIBRARY_PATH": "/opt/lib",
        "WANTED": "1",
    }
