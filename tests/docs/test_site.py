"""The documents as a site of MkDocs: built without a warning, every one of them in its menu, and all of it our own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from documents import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("site")
    words = ["build", "--strict", "--config-file", str(ROOT / "mkdocs.yml"), "--site-dir", str(built)]
    done = subprocess.run([sys.executable, "-m", "mkdocs", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # Strict knows of warnings; that a page is in no menu is told in passing.
    assert "not included" not in done.stderr
    return built


def test_what_a_page_needs_is_built_with_it(site: Path) -> None:
    for page in site.glob("*.html"):
        needed = re.findall(r'(?:src|srcset)="([^"]+)"|<link[^>]+stylesheet[^>]+href="([^"]+)"', page.read_text())
        for address in filter(None, (part for pair in needed for part in pair)):
            # The page of what is not found is served under any address.
            assert (site / address.lstrip("/")).exists(), f"{page.name}: {address}"
