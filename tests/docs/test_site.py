"""The documents as an MkDocs site: it builds without a warning, all pages are in the menu, and no file is external."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from docs.documents import ROOT


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    built = tmp_path_factory.mktemp("site")
    words = ["build", "--strict", "--config-file", str(ROOT / "mkdocs.yml"), "--site-dir", str(built)]
    done = subprocess.run([sys.executable, "-m", "mkdocs", *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    # --strict fails on warnings only; a page missing from the menu is an info message.
    assert "not included" not in done.stderr
    return built


def test_every_file_that_a_page_needs_is_built(site: Path) -> None:
    for page in site.glob("*.html"):
        needed = re.findall(r'(?:src|srcset)="([^"]+)"|<link[^>]+stylesheet[^>]+href="([^"]+)"', page.read_text())
        for address in filter(None, (part for pair in needed for part in pair)):
            # The 404 page is served under any path.
            assert (site / address.lstrip("/")).exists(), f"{page.name}: {address}"
