"""Forgather and this program in one environment: both install a command `forgather`, and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from forgather_server import Forgather

# Prints what it was called with; Forgather's own starts in the same way.
STAND_IN = """
import json, sys

def main():
    print(json.dumps(sys.argv))
    return 7 if "fail" in sys.argv else None
"""
OURS, THEIRS = "ours", "theirs"
ORDERS = [(OURS, THEIRS), (THEIRS, OURS)]


class Environment:
    """A virtual environment with both programs, or one of them, installed by pip in the given order."""

    def __init__(self, folder: Path, wheels: dict[str, Path], order: Sequence[str]) -> None:
        self.folder = folder
        self.last = order[-1]
        """The program that has the command `forgather`."""
        self._wheels = wheels
        venv.create(folder, symlinks=True)
        site = sysconfig.get_path("purelib", "venv", {"base": str(folder), "platbase": str(folder)})
        # Gives the libraries of the tests' environment, after pip, which would take this program there for installed.
        self._libraries = Path(site, "libraries.pth")
        for name in order:
            self.install(name)

    def install(self, name: str, *options: str) -> None:
        self.pip("install", "--no-deps", "--no-index", *options, str(self._wheels[name]))

    def pip(self, *words: str) -> None:
        self._libraries.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pip", "--python", str(self.folder / "bin/python"), *words, "--quiet"]
        done = subprocess.run(command, cwd="/", capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        self._libraries.write_text(f"{sysconfig.get_path('purelib')}\n")

    def path(self, command: str) -> str:
        return str(self.folder / "bin" / command)

    def run(self, command: str, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.path(command), *words], cwd="/", env={**os.environ, **environ}, capture_output=True, text=True,
            check=False, timeout=120,
        )  # fmt: skip

    def theirs(self, command: str, *words: str) -> list[str]:
        """What Forgather's own command was called with, by the name `command`."""
        done = self.run(command, *words)
        assert (done.returncode, done.stderr) == (0, ""), done
        argv: list[str] = json.loads(done.stdout)
        assert argv[0] == self.path(command)
        return argv[1:]


@pytest.fixture(scope="module")
def wheels(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    theirs = tmp_path_factory.mktemp("forgather") / "forgather-1.1.0-py3-none-any.whl"
    metadata = "forgather-1.1.0.dist-info"
    files = {
        "forgather/__init__.py": "",
        "forgather/cli.py": STAND_IN,
        f"{metadata}/METADATA": "Metadata-Version: 2.1\nName: forgather\nVersion: 1.1.0\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{metadata}/entry_points.txt": "[console_scripts]\nforgather = forgather.cli:main\n",
    }
    with zipfile.ZipFile(theirs, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
        archive.writestr(f"{metadata}/RECORD", "".join(f"{name},,\n" for name in (*files, f"{metadata}/RECORD")))
    return {OURS: wheel, THEIRS: theirs}


@pytest.fixture(scope="module", params=ORDERS, ids=["Forgather last", "Forgather first"])
def both(
    request: pytest.FixtureRequest, wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory
) -> Environment:
    return Environment(tmp_path_factory.mktemp("both"), wheels, request.param)


@pytest.mark.parametrize("command", ["forgather", "forgather-units"])
@pytest.mark.parametrize(
    "words",
    [
        ["train", "--help"],
        ["-t", "config.yaml", "-p", "project", "train", "-t", "x", "--", "--enqueue", "tb"],
        ["--no-dyn", "train"],
        ["-i"],
        ["newer-than-this", "--server", "tb"],
    ],
)
def test_forgather_s_commands_reach_it(both: Environment, command: str, words: list[str]) -> None:
    assert both.theirs(command, *words) == words


def test_a_flag_of_forgather_s_command_of_the_same_name_gets_a_hint(both: Environment) -> None:
    done = both.run("forgather-units", "tb", "--max-steps", "500")
    assert (done.returncode, done.stdout) == (2, "")
    sentence, hint, see = done.stderr.splitlines()
    assert sentence == "forgather: unknown option '--max-steps'"
    assert hint == f"hint: Forgather's own: {both.path('python')} -m forgather.cli tb"
    assert see == "see: forgather tb --help"


def test_its_exit_code_is_kept(both: Environment) -> None:
    assert both.run("forgather", "train", "fail").returncode == 7
    assert both.run("forgather-units", "train", "fail").returncode == 7


def test_a_tensorboard_is_queued(both: Environment, make_forgather: Callable[..., Forgather], tmp_path: Path) -> None:
    server = make_forgather()
    server.start()
    (tmp_path / "runs").mkdir()
    environ = {"FORGATHER_SERVER_URL": server.url, "FORGATHER_SERVER_TOKEN": server.token}
    words = ("tb", "--enqueue", "--logdir", str(tmp_path / "runs"), "--port", "auto")
    names = ["forgather-units", *(["forgather"] if both.last == OURS else [])]
    for command in names:
        done = both.run(command, *words, **environ)
        assert done.stdout.startswith("queued: q_"), done.stdout + done.stderr
    if both.last == THEIRS:
        # Its own, which sends the same request.
        assert both.theirs("forgather", *words) == list(words)
    assert len(server.get("/api/jobs").json()) == len(names)


def test_the_unit_starts_this_program(both: Environment, tmp_path: Path) -> None:
    done = both.run("forgather-units", "service-unit", "install", "--no-start", XDG_CONFIG_HOME=str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    unit = (tmp_path / "systemd/user/forgather-server.service").read_text()
    assert f"ExecStart={both.path('forgather-units')} server\n" in unit


def test_without_forgather_the_error_names_it(wheels: dict[str, Path], tmp_path: Path) -> None:
    alone = Environment(tmp_path / "alone", wheels, [OURS])
    for command in ("forgather", "forgather-units"):
        done = alone.run(command, "-t", "c.yaml", "train", "--help")
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(
            "forgather: 'train' is a command of Forgather, which is not installed in this environment\n"
        )
    other = Environment(tmp_path / "other", wheels, [THEIRS])
    paths = os.pathsep.join([str(alone.folder / "bin"), str(other.folder / "bin"), os.environ["PATH"]])
    done = alone.run("forgather", "train", PATH=paths)
    assert done.stderr.splitlines()[1] == f"hint: another program of this name is {other.path('forgather')}"
    assert alone.run("forgather", "job", "--help").returncode == 0


@pytest.mark.parametrize("order", ORDERS, ids=["Forgather last", "Forgather first"])
def test_after_an_uninstallation_forgather_is_as_before(
    wheels: dict[str, Path], tmp_path: Path, order: Sequence[str]
) -> None:
    """By the two commands of docs/install.md: pip removes the name that both have, whose ever it is."""
    environment = Environment(tmp_path / "both", wheels, order)
    environment.pip("uninstall", "--yes", "forgather-units")
    environment.install(THEIRS, "--force-reinstall")
    assert environment.theirs("forgather", "tb", "--enqueue") == ["tb", "--enqueue"]
    assert not Path(environment.path("forgather-units")).exists()


def test_a_forgather_that_cannot_be_loaded_is_one_sentence(wheels: dict[str, Path], tmp_path: Path) -> None:
    environment = Environment(tmp_path / "broken", wheels, [THEIRS, OURS])
    module = next(environment.folder.glob("lib/python*/site-packages/forgather/cli.py"))
    module.write_text("import a_library_that_is_missing\n")
    done = environment.run("forgather", "train")
    assert (done.returncode, done.stdout, done.stderr) == (
        1, "", "forgather: Forgather's own command cannot be loaded: No module named 'a_library_that_is_missing'\n",
    )  # fmt: skip
    assert environment.run("forgather", "job", "--help").returncode == 0
