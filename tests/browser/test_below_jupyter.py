"""The same tour through jupyter-server-proxy: of a Jupyter server, and of a user's server in a JupyterHub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from browser.jupyter import Jupyter, jupyter_server, jupyterhub
from browser.tour import Front, WatchedBelow, services, tour
from browser.watched_page import Watched
from forgather_server import Forgather
from playwright.sync_api import BrowserContext
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


def test_a_tour_through_jupyter(
    context: BrowserContext, jupyter: Jupyter, lab: Front, sample_runs: Path, watched: Watched
) -> None:
    jupyter.sign_in(context)
    tour(context, lab, sample_runs, free_port(), watched)
