"""The same tour through jupyter-server-proxy: of a Jupyter server, and of a user's server in a JupyterHub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from browser.jupyter import Jupyter, jupyter_server, jupyterhub
from browser.tour import Front, WatchedBelow, services, tour
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import Browser, BrowserContext, expect
from ports import free_port

MakeForgather = Callable[..., Forgather]


@pytest.fixture(scope="module", params=[jupyter_server, jupyterhub], ids=["server", "hub"])
def jupyter(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Jupyter]:
    with request.param(tmp_path_factory.mktemp("jupyter")) as running:
        yield running


@pytest.fixture(params=["proxy", "proxy/absolute"], ids=["stripped", "kept"])
def lab(
    request: pytest.FixtureRequest,
    jupyter: Jupyter,
    tmp_path: Path,
    sample_runs: Path,
    make_forgather: MakeForgather,
) -> Iterator[Front]:
    port = free_port()
    url = f"{jupyter.url}/{request.param}/{port}"
    server = make_forgather(
        public_url=url, trusted_proxy="127.0.0.1", port=port, services=services(tmp_path, sample_runs)
    )
    server.start()
    yield Front(url, server)


@pytest.fixture
def watched(lab: Front) -> Iterator[Watched]:
    noted = WatchedBelow(lab)
    yield noted
    assert noted.unexpected_below() == []


def test_two_servers_below_one_host_get_no_cookie_of_each_other(
    browser: Browser, jupyter: Jupyter, tmp_path: Path
) -> None:
    with ExitStack() as held:
        context = held.enter_context(browser.new_context())
        jupyter.sign_in(context)
        page, urls = context.new_page(), []
        for name in ("one", "other"):
            port = free_port()
            (tmp_path / name).mkdir()
            urls.append(f"{jupyter.url}/proxy/{port}")
            server = Forgather(tmp_path / name, public_url=urls[-1], trusted_proxy="127.0.0.1", port=port)
            held.callback(server.clean)
            server.start()
            page.goto(f"{urls[-1]}/?token={server.token}")
            page.get_by_role("button", name="Skip").click()
            expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()
        seen = [
            {cookie["value"] for cookie in context.cookies(f"{url}/api/jobs") if "forgather" in cookie["name"]}
            for url in urls
        ]
        assert [len(values) for values in seen] == [1, 1]
        assert seen[0] != seen[1]
        # Both are still signed in.
        for url in urls:
            page.goto(url)
            expect(page.get_by_role("heading", name="Jobs", exact=True)).to_be_visible()


def test_a_tour_through_jupyter(
    context: BrowserContext, jupyter: Jupyter, lab: Front, sample_runs: Path, watched: Watched
) -> None:
    jupyter.sign_in(context)
    tour(context, lab, sample_runs, free_port(), watched)
