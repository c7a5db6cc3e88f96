"""The built page over HTTP: only its own files, compressed and cached."""

from __future__ import annotations

import gzip
import re

import pytest
import requests
from forgather_server import Forgather

from forgather_units.page.static_page import is_built

pytestmark = pytest.mark.skipif(not is_built(), reason="the page is not built: make web")


def fetch(forgather: Forgather, path: str, encoding: str = "gzip", **headers: str) -> requests.Response:
    # Without a session.
    return requests.get(
        forgather.url + path, headers={"Accept-Encoding": encoding, **headers}, timeout=120, allow_redirects=False
    )


def assets(forgather: Forgather) -> list[str]:
    return re.findall(r'(?:src|href)="\.(/assets/[^"]+)"', fetch(forgather, "/").text)


def test_the_page_s_files_contain_no_secret_and_need_none(forgather: Forgather) -> None:
    index = fetch(forgather, f"/?token={forgather.token}")
    assert (index.status_code, index.headers["Cache-Control"]) == (200, "no-cache")
    # The script exchanges the token; the response neither repeats it nor sets a cookie.
    assert forgather.token not in index.text and "Set-Cookie" not in index.headers
    named = assets(forgather)
    assert any(name.endswith(".js") for name in named) and any(name.endswith(".css") for name in named)
    kinds = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
    for name in named:
        answer = fetch(forgather, name)
        assert answer.headers["Content-Type"].startswith(kinds[name[name.rindex(".") :]].partition(";")[0])
        assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_files_are_compressed_if_the_client_accepts_gzip(forgather: Forgather) -> None:
    script = next(name for name in assets(forgather) if name.endswith(".js"))
    compressed, plain = fetch(forgather, script), fetch(forgather, script, "identity")
    refused = fetch(forgather, script, "gzip;q=0, identity")
    assert (compressed.headers["Content-Encoding"], compressed.headers["Vary"]) == ("gzip", "Accept-Encoding")
    assert "Content-Encoding" not in plain.headers and plain.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in refused.headers
    assert compressed.content == plain.content == refused.content
    assert int(compressed.headers["Content-Length"]) < int(plain.headers["Content-Length"]) / 2
    assert len(gzip.compress(plain.content, 9)) >= int(compressed.headers["Content-Length"]) - 100


def test_an_unchanged_page_is_not_sent_twice(forgather: Forgather) -> None:
    first = fetch(forgather, "/")
    again = fetch(forgather, "/", **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["Content-Security-Policy"] == first.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "path",
    ["/assets/", "/assets/none.js", "/assets/..%2findex.html", "/assets/%2e%2e/licenses.md", "/assets//etc/passwd",
     "/assets/..%2f..%2fserver%2fwebpage.py", "/index.html/", "/webpage.py", "/assets/a%00b", "/assets/" + "a" * 300],
)  # fmt: skip
def test_no_other_file_is_served(forgather: Forgather, path: str) -> None:
    # Set the URL directly, because requests would resolve the dots.
    request = requests.Request("GET", forgather.url).prepare()
    request.url = forgather.url + path
    with requests.Session() as session:
        assert session.send(request, timeout=120, allow_redirects=False).status_code in (308, 400, 404)
