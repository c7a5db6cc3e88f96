"""Reverse proxies that are set up wrongly: the browser shows what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from browser.below_a_path import HEADERS, nginx
from browser.charts import IS_DRAWN
from browser.page_steps import SLOWLY
from forgather_server import Forgather
from playwright.sync_api import Browser, Page, expect
from ports import free_port

MakeForgather = Callable[..., Forgather]
# A browser resolves it to the loopback, and sends Sec-Fetch-Site to it as to a site with TLS.
NAME = "box.localhost"


@dataclass(frozen=True)
class Wrong:
    """`headers` are those of the proxy; in texts, {url} is the address in the browser, {own} the server's port."""

    sentence: str
    headers: Mapping[str, str] = field(default_factory=lambda: HEADERS)
    settings: Mapping[str, str] = field(default_factory=dict)
    name: str = NAME
    is_secure: bool = False
    path: str = "/"
    base: str = ""
    strips: bool = True


def without(*names: str, **others: str) -> Mapping[str, str]:
    return {**{name: value for name, value in HEADERS.items() if name not in names}, **others}


SAYS = "cross-site request refused: the browser is at {url}, but the proxy says"
PASS_HOST = "have the proxy pass Host on (nginx: proxy_set_header Host $http_host), or set public_url"
PASS_PORT = "have the proxy pass Host on with the port (nginx: proxy_set_header Host $http_host)"
PASS_SCHEME = (
    "have the proxy pass the scheme on (nginx: proxy_set_header X-Forwarded-Proto $scheme) and name it in trusted_proxy"
)
WRONG = {
    "no Host": Wrong(f"{SAYS} http://127.0.0.1:{{own}}: {PASS_HOST}", without("Host")),
    "no Host, TLS": Wrong(f"{SAYS} https://127.0.0.1:{{own}}: {PASS_HOST}", without("Host"), is_secure=True),
    "another Host": Wrong(f"{SAYS} http://localhost: {PASS_HOST}", without(Host="localhost")),
    "Host without its port": Wrong(f"{SAYS} http://box.localhost: {PASS_PORT}", without(Host="$host")),
    "Host with the server's port": Wrong(f"{SAYS} http://box.localhost:1: {PASS_PORT}", without(Host="$host:1")),
    "a scheme that is not the browser's": Wrong(
        f"{SAYS} https://{{host}}: {PASS_SCHEME}", without(**{"X-Forwarded-Proto": "https"})
    ),
    "public_url of another host": Wrong(
        f"{SAYS} http://127.0.0.1:{{own}}: {PASS_HOST}", without("Host"), {"public_url": "https://other.localhost"}
    ),
    "a name that is not allowed": Wrong(
        "This server is not known as 'box.lab.invalid:{port}': add it to allowed_hosts.",
        without(Host="box.lab.invalid:$server_port"),
    ),
    "a path that the server does not know": Wrong(
        "If a reverse proxy shows the server below a path, public_url must contain that path.",
        base="/tensorboards",
        strips=False,
    ),
    "another path in public_url": Wrong(
        "There is nothing at this address.",
        settings={"public_url": "http://box.localhost/other"},
        base="/tensorboards",
        strips=False,
    ),
}


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(ignore_https_errors=True)
    context.set_default_timeout(SLOWLY)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_a_person_reads_what_is_wrong(wrong: Wrong, page: Page, tmp_path: Path, make_forgather: MakeForgather) -> None:
    port = free_port()
    server = make_forgather(trusted_proxy="127.0.0.1", **wrong.settings)
    server.start()
    own = server.url.rpartition(":")[2]
    url = f"{'https' if wrong.is_secure else 'http'}://{wrong.name}:{port}"
    front = nginx(
        tmp_path / "nginx",
        port,
        wrong.base,
        server.url,
        strips=wrong.strips,
        headers=wrong.headers,
        is_secure=wrong.is_secure,
    )
    with front:
        page.goto(f"{url}{wrong.base}{wrong.path}?token={server.token}")
        sentence = wrong.sentence.format(url=url, own=own, port=port, host=f"{wrong.name}:{port}")
        expect(page.get_by_text(sentence)).to_be_visible()
        # Nobody copies the token from the address bar, and it is not in the history.
        expect(page).not_to_have_url(re.compile("token"))


def test_public_url_makes_up_for_a_missing_host(
    page: Page, tmp_path: Path, make_forgather: MakeForgather, sample_runs: Path
) -> None:
    """The policy of a viewer's page names the address in the browser, so the page can load its charts."""
    port = free_port()
    url = f"https://{NAME}:{port}"
    server = make_forgather(trusted_proxy="127.0.0.1", public_url=url)
    server.start()
    queue_id = server.submit(sample_runs, port="auto")
    with nginx(tmp_path / "nginx", port, "", server.url, headers=without("Host"), is_secure=True):
        page.goto(f"{url}/?token={server.token}")
        page.get_by_role("button", name="Skip").click()
        page.goto(f"{url}/api/tb/{queue_id}/#timeseries")
        page.locator("scalar-card line-chart").first.wait_for(timeout=SLOWLY)
        page.wait_for_function(IS_DRAWN, timeout=SLOWLY)
