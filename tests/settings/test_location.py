"""Which settings file counts: units.yaml; a config.yaml is Forgather's, or one of an earlier version, renamed once."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from forgather_units.domain.errors import BadSettings
from forgather_units.settings import location
from forgather_units.settings.settings import config_file, load, load_all

FORGATHERS = "eval:\n  search_paths: [/evaluations]\n"
OURS = "# our own\nport: 9000\nservices:\n  tensorboard: {}\n"
SCRIPT = """
import os, sys
import forgather_units.settings.file
from forgather_units.settings.settings import load, load_all
sys.stdin.readline()
if os.geteuid() == 0 and "unprivileged" in sys.argv:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
for again in range(3):
    print(load(None, {}).port, load_all(None, {}).file.name)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Of the settings; this process has said nothing yet."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setattr(location, "SYSTEM_CONFIG", tmp_path / "etc" / "units.yaml")
    location.say.cache_clear()
    found = tmp_path / "forgather"
    found.mkdir()
    return found


@pytest.mark.parametrize(
    "text",
    [FORGATHERS, "", "# port: 9000\n", "report: 1\n", "eval: {port: 1}\n", "- port: 1\n", "port: [\n", "x" * 2_000_000],
)
def test_forgather_s_settings_do_not_matter(folder: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "config.yaml").write_text(text)
    assert load(None, {}).port == 8765
    assert config_file() == folder / "units.yaml"
    assert [file.name for file in folder.iterdir()] == ["config.yaml"]
    assert (folder / "config.yaml").read_text() == text
    assert caplog.text == ""


@pytest.mark.parametrize("text", [OURS, "{port: 9000, 'max_running': 2}\n", '"port": 9000\n'])
def test_a_file_of_an_earlier_version_is_renamed(folder: Path, text: str, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "config.yaml").write_text(text)
    assert [load(None, {}).port for _ in range(2)] == [9000, 9000]
    assert [file.name for file in folder.iterdir()] == ["units.yaml"]
    assert (folder / "units.yaml").read_text() == text
    assert caplog.messages == [
        f"{folder}/config.yaml is {folder}/units.yaml now: Forgather's own settings have the old name"
    ]


def test_a_link_is_renamed_and_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "dotfiles.yaml").write_text(OURS)
    (folder / "config.yaml").symlink_to(tmp_path / "dotfiles.yaml")
    assert load(None, {}).port == 9000
    assert (folder / "units.yaml").readlink() == tmp_path / "dotfiles.yaml"


def test_a_file_of_both_programs_is_left_alone(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "config.yaml").write_text(OURS + FORGATHERS)
    assert [load(None, {}).port for _ in range(2)] == [8765, 8765]
    assert caplog.messages == [
        f"{folder}/config.yaml is not read, because it has other settings too (eval): move those of Forgather Units to "
        "units.yaml"
    ]


def test_a_new_file_wins(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    (folder / "config.yaml").write_text("port: 1\n")
    (folder / "units.yaml").write_text("port: 9000\n")
    assert load(None, {}).port == 9000
    assert (folder / "config.yaml").exists()
    assert caplog.text == ""


def test_the_system_s_file_is_renamed_too(folder: Path) -> None:
    system = folder.parent / "etc" / "units.yaml"
    system.parent.mkdir()
    system.with_name("config.yaml").write_text(OURS)
    (folder / "config.yaml").write_text(FORGATHERS)
    assert load_all(None, {}).file == system
    assert system.read_text() == OURS


def test_a_named_file_may_have_any_name(folder: Path) -> None:
    named = folder / "config.yaml"
    named.write_text(OURS)
    assert load(named, {}).port == 9000
    assert named.exists()
    load(None, {})
    with pytest.raises(BadSettings) as caught:
        load(named, {})
    assert (caught.value.message, caught.value.hint) == (
        f"{named}: no such settings file",
        f"it may be {folder}/units.yaml now",
    )


def test_several_processes_rename_it_once(folder: Path) -> None:
    (folder / "config.yaml").write_text(OURS)
    command = [sys.executable, "-c", SCRIPT]
    processes = [
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(6)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    done = [process.communicate(timeout=120) for process in processes]
    assert {out for out, _ in done} == {"9000 units.yaml\n" * 3}
    said = "".join(err for _, err in done)
    assert said == f"{folder}/config.yaml is {folder}/units.yaml now: Forgather's own settings have the old name\n"
    assert [file.name for file in folder.iterdir()] == ["units.yaml"]


@pytest.fixture
def closed_folder() -> Iterator[Path]:
    """A folder of settings that another account may only read; pytest's own folders are closed to others."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name, "forgather")
        folder.mkdir()
        (folder / "config.yaml").write_text(OURS)
        (folder / "config.yaml").chmod(0o444)
        for each in (Path(name), folder):
            each.chmod(0o555)
        yield folder
        for each in (Path(name), folder):
            each.chmod(0o755)


def test_a_file_that_cannot_be_renamed_is_read_where_it_is(closed_folder: Path) -> None:
    environ = {**os.environ, "XDG_CONFIG_HOME": str(closed_folder.parent)}
    command = [sys.executable, "-c", SCRIPT, "unprivileged"]
    done = subprocess.run(command, env=environ, input="\n", capture_output=True, text=True, check=True)
    assert done.stdout == "9000 config.yaml\n" * 3
    assert done.stderr == (
        f"{closed_folder}/config.yaml has the settings of Forgather Units, and cannot be renamed to units.yaml "
        "(Permission denied): it is read where it is\n"
    )
