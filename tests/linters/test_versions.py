"""The version of the program, the change logs and the tag agree (packaging/release.py)."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from forgather_units import __version__

ROOT = Path(__file__).parents[2]
FILES = ("packaging/release.py", "forgather_units/__init__.py", "CHANGELOG.md", "debian/changelog")


def release(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(root / "packaging/release.py")], capture_output=True, text=True, check=False
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for file in FILES:
        (tmp_path / file).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / file, tmp_path / file)
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    commit(tmp_path)
    return tmp_path


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=T", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(folder), *identity, *words], check=True)


def commit(folder: Path) -> None:
    git(folder, "commit", "-qam", "all")


def change(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_this_checkout_agrees() -> None:
    done = release(ROOT)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{__version__}\n", "")


@pytest.mark.parametrize(
    ("file", "old"),
    [("CHANGELOG.md", f"## {__version__}"), ("debian/changelog", f"({__version__})")],
)
def test_a_change_log_without_the_version(checkout: Path, file: str, old: str) -> None:
    change(checkout / file, old, old.replace(__version__, "9.9.9"))
    done = release(checkout)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"{file} has version 9.9.9, the program has {__version__}\n"


def test_a_tag_of_another_version(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(f"## {__version__} (2026-12-01)\n")
    commit(checkout)
    git(checkout, "tag", "v9.9.9")
    assert release(checkout).stderr == f"the commit has the tag v9.9.9, the program has version {__version__}\n"
    git(checkout, "tag", "-d", "v9.9.9")
    git(checkout, "tag", f"v{__version__}")
    assert release(checkout).stdout == f"{__version__}\n"


def test_a_tagged_version_is_released(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(f"## {__version__} (unreleased)\n")
    commit(checkout)
    git(checkout, "tag", f"v{__version__}")
    assert "(unreleased)" in release(checkout).stderr
