"""The server below a path, which the front in front of it removes or keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from forgather_server import Forgather

BASE = "/user/alice/proxy/8765"


@pytest.fixture(scope="module")
def based(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgather]:
    """A server with a base path in its settings."""
    server = Forgather(tmp_path_factory.mktemp("based"), public_url=f"https://hub.example.org{BASE}")
    try:
        server.start()
        yield server
    finally:
        server.clean()


def _get(server: Forgather, path: str, **headers: str) -> requests.Response:
    sent = {"Accept": "text/html", **headers}
    return requests.get(f"{server.url}{path}", headers=sent, timeout=120, allow_redirects=False)


@pytest.mark.parametrize("sent", ["", BASE], ids=["stripped", "kept"])
def test_pages_links_and_redirects_stay_below_the_base(based: Forgather, sent: str) -> None:
    def seen_by_a_browser(path: str, link: str) -> str:
        return urljoin(f"https://hub.example.org{BASE}{path}", link)

    page = _get(based, f"{sent}/")
    assert page.status_code == 200
    assert 'src="./assets/' in page.text and '"/assets/' not in page.text
    assert _get(based, f"{sent}/api/health").status_code == 200
    refused = _get(based, f"{sent}/api/tb/lab/?a=1")
    assert refused.status_code == 401
    link = refused.text.partition('<a href="')[2].partition('"')[0]
    assert seen_by_a_browser("/api/tb/lab/?a=1", link) == f"https://hub.example.org{BASE}/?next=/api/tb/lab/%3Fa%3D1"
    moved = _get(based, f"{sent}/plain?token={based.token}")
    assert moved.status_code == 303
    assert seen_by_a_browser("/plain", moved.headers["Location"]) == f"https://hub.example.org{BASE}/plain?signed-in"
    assert f'action="{BASE}/sign-in"' in _get(based, f"{sent}/plain").text


@pytest.mark.parametrize("sent", ["", BASE], ids=["stripped", "kept"])
def test_a_viewer_below_the_base(based: Forgather, sent: str, sample_runs: Path) -> None:
    job = based.submit(sample_runs, port="auto")
    based.wait_status(job, "running", "sleeping")
    own = {"Authorization": f"Bearer {based.token}", "Host": "hub.example.org"}
    moved = _get(based, f"{sent}/api/tb/{job}", **own)
    assert urljoin(f"https://hub.example.org{BASE}/api/tb/{job}", moved.headers["Location"]) == (
        f"https://hub.example.org{BASE}/api/tb/{job}/"
    )
    page = _get(based, f"{sent}/api/tb/{job}/", **own)
    assert page.status_code == 200
    assert f"connect-src http://hub.example.org{BASE}/api/tb/{job}/" in page.headers["Content-Security-Policy"]
    assert _get(based, f"{sent}/api/tb/{job}/data/runs", **own).status_code == 200


def test_the_base_without_its_slash_leads_to_the_page(based: Forgather) -> None:
    answer = _get(based, f"{BASE}?a=1")
    assert answer.status_code == 301
    assert (
        urljoin(f"https://hub.example.org{BASE}?a=1", answer.headers["Location"])
        == f"https://hub.example.org{BASE}/?a=1"
    )


def test_no_spelling_of_the_base_opens_the_gate(based: Forgather) -> None:
    for path in (
        "/user/alice/proxy/%38765/api/jobs",
        f"{BASE}//api/jobs",
        f"{BASE}/x/../api/jobs",
        f"{BASE}{BASE}/api/jobs",
    ):
        answer = _get(based, path)
        assert answer.status_code in (401, 404), path
    assert _get(based, f"{BASE}/api/jobs").status_code == 401
    assert _get(based, "/user/alice/proxy/8766/api/jobs").status_code == 404


def test_two_servers_below_one_host_name_have_their_own_cookies(
    based: Forgather, make_forgather: Callable[..., Forgather]
) -> None:
    other = make_forgather(trusted_proxy="127.0.0.1")
    other.start()

    def cookie(server: Forgather, **headers: str) -> list[str]:
        body = {"token": server.token}
        answer = requests.post(f"{server.url}/api/auth/login", json=body, headers=headers, timeout=120)
        return answer.headers["Set-Cookie"].split("; ")

    assert f"Path={BASE}/" in cookie(based)
    prefix = {"X-Forwarded-Prefix": "/user/alice/proxy/8766", "X-Forwarded-For": "192.0.2.1"}
    assert "Path=/user/alice/proxy/8766/" in cookie(other, **prefix)
    secure = cookie(other, **prefix, **{"X-Forwarded-Proto": "https"})
    assert secure[0].startswith("__Secure-forgather_session=") and "Secure" in secure
    # Only of a trusted proxy, and only a path.
    assert f"Path={BASE}/" in cookie(based, **prefix)
    for wrong in ("//evil.example", "/a;b", "/../a", "/a b", "https://evil.example/"):
        assert "Path=/" in cookie(other, **{**prefix, "X-Forwarded-Prefix": wrong}), wrong
