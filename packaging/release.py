"""Prints the version of this checkout, if the program, CHANGELOG.md, debian/changelog and the tag agree on it.

usage: python packaging/release.py
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_SOURCES: Final = (
    ("forgather_units/__init__.py", r'^__version__ = "(.+)"$'),
    ("CHANGELOG.md", r"^## (\S+)"),
    ("debian/changelog", r"^forgather-units \((.+)\)"),
)
_UNRELEASED: Final = "(unreleased)"


def main() -> int:
    versions = {file: _first(file, pattern) for file, pattern in _SOURCES}
    version = versions["forgather_units/__init__.py"]
    problems = [*_differences(versions, version), *_tag_problems(version)]
    for problem in problems:
        print(problem, file=sys.stderr)
    if not problems:
        print(version)
    return int(bool(problems))


def _first(file: str, pattern: str) -> str:
    """The newest version in `file`, which comes first."""
    found = re.search(pattern, (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def _differences(versions: dict[str, str], version: str) -> Iterator[str]:
    for file, other in versions.items():
        if other != version:
            yield f"{file} has version {other or 'none'}, the program has {version}"


def _tag_problems(version: str) -> Iterator[str]:
    """Those of a tagged commit; any other one may be built too."""
    tags = [tag for tag in _tags() if tag.startswith("v")]
    if not tags:
        return
    if f"v{version}" not in tags:
        yield f"the commit has the tag {tags[0]}, the program has version {version}"
    if _first("CHANGELOG.md", r"^(## .+)$").endswith(_UNRELEASED):
        yield f"CHANGELOG.md calls {version} {_UNRELEASED}, the commit has the tag {tags[0]}"


def _tags() -> list[str]:
    command = ["git", "-C", str(ROOT), "tag", "--points-at", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    except (OSError, subprocess.CalledProcessError):
        # An unpacked sdist.
        return []


if __name__ == "__main__":
    sys.exit(main())
