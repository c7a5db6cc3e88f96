"""The content of the packages."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from deb.building import REPOSITORY, rebuild


def digests(packages: list[Path]) -> dict[str, str]:
    return {package.name: hashlib.sha256(package.read_bytes()).hexdigest() for package in packages}


def test_lintian_finds_neither_errors_nor_warnings(packages: Path) -> None:
    changes = next(packages.glob("*.changes"))
    done = subprocess.run(
        ["lintian", "--fail-on=error,warning", "--allow-root", str(changes)],
        env={**os.environ, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_the_build_is_reproducible(packages: Path, tmp_path: Path) -> None:
    source = next(packages.glob("*.tar.xz"))
    again = rebuild(source, tmp_path / "elsewhere", TZ="Pacific/Kiritimati", LC_ALL="C", HOME=str(tmp_path))
    assert digests(again) == digests(sorted(packages.glob("*.deb")))


def test_the_package_has_its_main_files(packages: Path) -> None:
    package = next(packages.glob("forgather-units_*_all.deb"))
    listed = subprocess.run(["dpkg-deb", "-c", str(package)], capture_output=True, text=True, check=True).stdout
    files = {line.split()[5] for line in listed.splitlines()}
    for file in (
        "./usr/bin/forgather",
        "./usr/bin/forgather-units",
        "./etc/forgather/units.yaml",
        "./usr/lib/systemd/user/forgather-server.service",
        "./usr/lib/systemd/user/forgather-server.socket",
        "./usr/lib/sysusers.d/forgather.conf",
        "./usr/lib/tmpfiles.d/forgather.conf",
        "./usr/share/man/man1/forgather.1.gz",
        "./usr/share/man/man1/forgather-units.1.gz",
        "./usr/share/man/man5/forgather.yaml.5.gz",
        "./usr/share/man/man8/forgather-server.8.gz",
        "./usr/share/bash-completion/completions/forgather",
        "./usr/share/fish/vendor_completions.d/forgather.fish",
        "./usr/share/zsh/vendor-completions/_forgather",
        "./usr/lib/python3/dist-packages/forgather_units/webpage/index.html",
    ):
        assert file in files, file


def test_the_wheel_has_all_files_for_an_installation_with_pip(packages: Path, tmp_path: Path) -> None:
    """Built from the source package's tree, as by `make dist`, with the page and the documents."""
    source = next(packages.glob("*.tar.xz"))
    subprocess.run(["tar", "xf", str(source), "-C", str(tmp_path)], check=True)
    tree = next(tmp_path.glob("forgather-units*"))
    python = str(REPOSITORY / ".venv/bin/python")
    subprocess.run([python, "packaging/manpages.py", "packaging/generated"], cwd=tree, check=True)
    for shell, file in (("bash", "forgather"), ("zsh", "_forgather"), ("fish", "forgather.fish")):
        with (tree / "packaging/generated" / file).open("w") as script:
            subprocess.run(
                [python, "-m", "forgather_units.cli.main", "completion", shell], cwd=tree, check=True, stdout=script
            )
    subprocess.run(
        [python, "-m", "build", "--outdir", str(tmp_path / "dist")], cwd=tree, check=True, capture_output=True
    )
    # The wheel is built from the sdist, so this tests both.
    wheel = next((tmp_path / "dist").glob("*.whl"))
    assert list((tmp_path / "dist").glob("*.tar.gz"))
    venv = tmp_path / "venv"
    subprocess.run([python, "-m", "venv", str(venv)], check=True)
    subprocess.run([str(venv / "bin/pip"), "install", "-q", "--no-deps", str(wheel)], check=True)
    site = next((venv / "lib").glob("python3*/site-packages/forgather_units"))
    assert (site / "webpage/index.html").is_file()
    assert (site / "service_units/user/forgather-server.service").is_file()
    for file in (
        "man/man1/forgather.1",
        "man/man5/forgather.yaml.5",
        "man/man8/forgather-server.8",
        "bash-completion/completions/forgather",
        "zsh/site-functions/_forgather",
        "fish/vendor_completions.d/forgather.fish",
    ):
        assert (venv / "share" / file).is_file(), file
