"""Stock MkDocs with the prepared configuration: the URLs in its canonical links and its sitemap."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from waiting import wait_until

from forgather_units.viewers.mkdocs.kind import MKDOCS
from forgather_units.viewers.mkdocs.options import MkDocsOptions

PREFIX = "/api/mkdocs/q_1700000000000_0123abcd"
HOOK = """
def on_page_content(html, **others):
    return html + "<p>the user's own hook</p>"
"""


@pytest.fixture
def serve(tmp_path: Path, free_port: Callable[[], int]) -> Iterator[Callable[[str], str]]:
    """Starts `mkdocs serve` for a site with a public URL (may be empty), and returns its own URL."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "index.md").write_text("# Home\n")
    (tmp_path / "docs" / "more.md").write_text("# More\n")
    (tmp_path / "own_hook.py").write_text(HOOK)
    config = tmp_path / "mkdocs.yml"
    config.write_text(
        "site_name: Site\nsite_url: https://elsewhere.example/\ntheme: {name: mkdocs}\nhooks: [own_hook.py]\n"
    )
    with ExitStack() as held:

        def start(public_url: str) -> str:
            port, prepared = free_port(), tmp_path / "prepared.yml"
            options = MkDocsOptions(config_file=str(config), port=port, strict=True)
            scripts = tmp_path / "scripts"
            scripts.mkdir()
            for script in MKDOCS.scripts:
                shutil.copy(script, scripts)
            prepared.write_text(MKDOCS.prepare(options, PREFIX, public_url, str(scripts)) or "")
            words = [*MKDOCS.find("").command, *MKDOCS.flags(options, port, PREFIX, str(prepared))]
            process = subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            held.callback(process.wait, 120)
            held.callback(process.terminate)
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: _responds(url), what="MkDocs responds")
            return url

        yield start


def _responds(url: str) -> bool:
    try:
        return requests.get(f"{url}{PREFIX}/", timeout=120).ok
    except requests.RequestException:
        return False


@pytest.mark.parametrize("public_url", ["https://box.example.org", "https://box.example.org/lab/docs", ""])
def test_links_use_the_public_url_and_never_the_port(serve: Callable[[str], str], public_url: str) -> None:
    """Without a public URL the links are paths, which are right under every host name."""
    url = serve(public_url)
    page = requests.get(f"{url}{PREFIX}/more/", timeout=120).text
    (canonical,) = re.findall(r'<link rel="canonical" href="([^"]*)"', page)
    assert canonical == f"{public_url}{PREFIX}/more/"
    assert "the user's own hook" in page
    sitemap = requests.get(f"{url}{PREFIX}/sitemap.xml", timeout=120).text
    assert re.findall("<loc>(.*)</loc>", sitemap) == [f"{public_url}{PREFIX}/", f"{public_url}{PREFIX}/more/"]
    port = url.rpartition(":")[2]
    assert f":{port}" not in page + sitemap
    missing = requests.get(f"{url}{PREFIX}/not-there", timeout=120)
    assert (missing.status_code, f'href="{urlsplit(public_url).path}{PREFIX}/css/base.css"' in missing.text) == (
        404,
        True,
    )
